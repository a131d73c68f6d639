-- The users of each resource over all months in which any resource has figures.
--
-- grain: a resource
-- reads: resource_stats
-- columns:
--   resid        BIGINT     resource
--   months       VARCHAR[]  months, ascending
--   in_month     BIGINT[]   users of each of them; NULL where there is no figure
--   in_year      BIGINT[]   users of the twelve months that end with each of them
--   in_all_time  BIGINT[]   users until the end of each of them

WITH counted AS (
    SELECT
        resid,
        month,
        max(in_month) AS in_month,
        max(in_year) AS in_year,
        max(in_all_time) AS in_all_time
    FROM resource_stats
    GROUP BY ALL
)
SELECT
    r.resid,
    list(m.month ORDER BY m.month) AS months,
    list(c.in_month ORDER BY m.month) AS in_month,
    list(c.in_year ORDER BY m.month) AS in_year,
    list(c.in_all_time ORDER BY m.month) AS in_all_time
FROM (SELECT DISTINCT resid FROM counted) AS r
CROSS JOIN (SELECT DISTINCT month FROM counted) AS m
LEFT JOIN counted AS c ON c.resid = r.resid AND c.month = m.month
GROUP BY r.resid
ORDER BY r.resid
