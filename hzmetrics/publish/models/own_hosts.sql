-- The hosts that are the site itself: more than half of those who come from them were there already, or more than half of the
-- paths in their referrers are pages of the site; and at least a tenth as many as of the host of which there are most.
--
-- grain: a host
-- reads: referring_hosts
-- columns:
--   host  VARCHAR  host

SELECT host
FROM (
    SELECT
        host,
        CASE WHEN 2 * sum(inside) > sum(arrivals) THEN sum(inside) ELSE 0 END AS inside,
        CASE WHEN 2 * sum(known) > sum(deep) THEN sum(known) ELSE 0 END AS known
    FROM referring_hosts
    GROUP BY host
)
WHERE greatest(inside, known) > 0
QUALIFY 10 * greatest(inside, known) >= max(greatest(inside, known)) OVER ()
