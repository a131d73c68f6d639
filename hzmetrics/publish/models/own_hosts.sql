-- The hosts that are the site itself: at least half of the paths in their referrers are pages of the site, and they have at
-- least a tenth as many of such as the host that has most. Browsers tell other sites no path, so few others have any.
--
-- grain: a host
-- reads: referring_hosts
-- columns:
--   host  VARCHAR  host

SELECT host
FROM (SELECT host, sum(deep) AS deep, sum(inside) AS inside FROM referring_hosts GROUP BY host)
WHERE inside > 0 AND 2 * inside >= deep
QUALIFY 10 * inside >= max(inside) OVER ()
