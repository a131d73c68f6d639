-- When the requests of a month came.
--
-- grain: a day of the week and hour
-- reads: requested
-- columns:
--   month    VARCHAR  YYYY-MM
--   weekday  BIGINT   1 Monday to 7 Sunday
--   hour     BIGINT   0 to 23
--   views    BIGINT   requests

SELECT month, weekday, hour, count(*) AS views
FROM requested
WHERE weekday IS NOT NULL AND hour BETWEEN 0 AND 23
GROUP BY ALL
