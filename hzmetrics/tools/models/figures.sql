-- Every figure that tools are ranked by, of every row of resource_stats_tools of the month (spec 40 §6).
--
-- grain: a row of resource_stats_tools and list
-- reads: month_rows
-- columns:
--   id      BIGINT   number of the row
--   resid   BIGINT   number of the resource
--   period  BIGINT   code of the period
--   top     INTEGER  the list: 2 users, 5 jobs, 6 wall time, 7 CPU time, 8 view time
--   figure  DOUBLE   users, jobs or s

SELECT
    id,
    resid,
    period,
    top,
    CAST(CASE top WHEN 2 THEN users WHEN 5 THEN jobs WHEN 6 THEN tot_wall WHEN 7 THEN tot_cpu WHEN 8 THEN tot_view END AS DOUBLE)
        AS figure
FROM month_rows
CROSS JOIN (VALUES (2), (5), (6), (7), (8)) AS lists (top)
