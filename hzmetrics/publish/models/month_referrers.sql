-- What speaks for each referring host of a month being the site itself: who follows a link of the site has asked for another
-- page shortly before. Of several requests with one referrer in a row, the first counts.
--
-- grain: a host
-- reads: requested
-- columns:
--   month     VARCHAR  YYYY-MM
--   host      VARCHAR  host
--   arrivals  BIGINT   requests with this referrer, but not the request of the same address before
--   inside    BIGINT   those of them less than half an hour after another request of the same address

SELECT month, referrer AS host, count(*) AS arrivals, count(*) FILTER (WHERE was_there) AS inside
FROM (
    SELECT
        month, referrer, lag(referrer) OVER steps AS referrer_before,
        coalesce(time - lag(time) OVER steps < INTERVAL 30 MINUTE, FALSE) AS was_there
    FROM requested
    WINDOW steps AS (PARTITION BY address ORDER BY time)
)
WHERE referrer NOT IN ('', 'no referrer') AND NOT (was_there AND referrer_before IS NOT DISTINCT FROM referrer)
GROUP BY ALL
