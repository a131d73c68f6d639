-- The headline of each list (spec 40 §6). Users are counted over all tool sessions, no matter what ran in them; the
-- other figures are the sums over all rows of resource_stats_tools of the month, in the order of their ids.
--
-- grain: a list and period
-- reads: windows, session_starts, figures
-- corrections: window-start
-- columns:
--   top     INTEGER  the list, as in figures
--   period  BIGINT   code of the period
--   figure  DOUBLE   users, jobs or s

SELECT 2 AS top, windows.period, CAST(count(DISTINCT fold(session."user")) AS DOUBLE) AS figure
FROM windows
LEFT JOIN session_starts AS session ON inside(session.start, windows.start, windows.stop)
GROUP BY windows.period
UNION ALL
SELECT lists.top, windows.period, coalesce(sum(figures.figure ORDER BY figures.id), 0)
FROM windows
CROSS JOIN (VALUES (5), (6), (7), (8)) AS lists (top)
LEFT JOIN figures ON figures.top = lists.top AND figures.period = windows.period
GROUP BY lists.top, windows.period
