-- When the requests of a month came.
--
-- grain: a day of the week and hour
-- reads: requested
-- columns:
--   month    VARCHAR  YYYY-MM
--   weekday  BIGINT   1 Monday to 7 Sunday
--   hour     BIGINT   0 to 23
--   views    BIGINT   requests

SELECT month, isodow(time) AS weekday, hour(time) AS hour, count(*) AS views
FROM requested
WHERE time IS NOT NULL
GROUP BY ALL
