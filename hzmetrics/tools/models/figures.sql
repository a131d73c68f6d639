-- figures(id, resid, period, top, figure): every figure that tools are ranked by, of every row of resource_stats_tools of
-- the month (spec 40 §6).
SELECT
    id,
    resid,
    period,
    top,
    CAST(CASE top WHEN 2 THEN users WHEN 5 THEN jobs WHEN 6 THEN tot_wall WHEN 7 THEN tot_cpu WHEN 8 THEN tot_view END AS DOUBLE)
        AS figure
FROM stat_rows
CROSS JOIN (VALUES (2), (5), (6), (7), (8)) AS lists (top)
