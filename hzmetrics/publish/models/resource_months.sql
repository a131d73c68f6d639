-- The users of each resource over the months in which it has figures.
--
-- grain: a resource
-- reads: resource_stats
-- columns:
--   resid        BIGINT     resource
--   months       VARCHAR[]  months, ascending
--   in_month     BIGINT[]   users of each of them
--   in_year      BIGINT[]   users of the twelve months that end with each of them
--   in_all_time  BIGINT[]   users until the end of each of them

SELECT
    resid,
    list(month ORDER BY month) AS months,
    list(in_month ORDER BY month) AS in_month,
    list(in_year ORDER BY month) AS in_year,
    list(in_all_time ORDER BY month) AS in_all_time
FROM (
    SELECT
        resid,
        month,
        max(users) FILTER (period = 1) AS in_month,
        max(users) FILTER (period = 12) AS in_year,
        max(users) FILTER (period = 14) AS in_all_time
    FROM resource_stats
    GROUP BY ALL
)
GROUP BY resid
ORDER BY resid
