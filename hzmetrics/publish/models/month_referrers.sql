-- What speaks for each referring host of a month being the site itself: who follows a link of the site has asked for another
-- page shortly before, and the page with the link is one of the site. Of several requests with one referrer in a row, the
-- first is an arrival.
--
-- grain: a host
-- reads: requested, page_names
-- columns:
--   month     VARCHAR  YYYY-MM
--   host      VARCHAR  host
--   arrivals  BIGINT   requests with this referrer, but not the request of the same address before
--   inside    BIGINT   those of them less than half an hour after another request of the same address
--   deep      BIGINT   requests whose referrer names a path
--   known     BIGINT   those of them whose path was asked for

SELECT
    month,
    referrer AS host,
    count(*) FILTER (WHERE is_arrival) AS arrivals,
    count(*) FILTER (WHERE is_arrival AND was_there) AS inside,
    count(*) FILTER (WHERE is_deep) AS deep,
    count(*) FILTER (WHERE is_deep AND referrer_path IN (SELECT path FROM page_names)) AS known
FROM (
    SELECT
        month, referrer, referrer_path,
        referrer_path NOT IN ('', '/') AS is_deep,
        coalesce(time - lag(time) OVER steps < INTERVAL 30 MINUTE, FALSE) AS was_there,
        NOT was_there OR referrer IS DISTINCT FROM lag(referrer) OVER steps AS is_arrival
    FROM requested
    WINDOW steps AS (PARTITION BY address ORDER BY time)
)
WHERE referrer NOT IN ('', 'no referrer')
GROUP BY ALL
