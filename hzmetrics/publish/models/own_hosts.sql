-- The hosts that are the site itself: more than half of those who come from them were there already, and at least a tenth as
-- many as of the host from which most come.
--
-- grain: a host
-- reads: referring_hosts
-- columns:
--   host  VARCHAR  host

SELECT host
FROM (SELECT host, sum(arrivals) AS arrivals, sum(inside) AS inside FROM referring_hosts GROUP BY host)
WHERE 2 * inside > arrivals
QUALIFY 10 * inside >= max(inside) OVER ()
