-- The figures of each tool in each of the months in which it has figures of any period.
--
-- grain: a tool, a period, a month
-- reads: tool_rows
-- columns:
--   resid        BIGINT   resource
--   period       INTEGER  code of the period: 1, 12 or 14
--   month        VARCHAR  YYYY-MM
--   users        BIGINT   users; NULL where there is no figure
--   sessions     BIGINT   tool sessions
--   simulations  BIGINT   runs
--   jobs         BIGINT   jobs
--   tot_wall     DOUBLE   s, how long sessions were open
--   tot_cpu      DOUBLE   s, processor time
--   tot_view     DOUBLE   s, how long sessions were in view
--   tot_wait     DOUBLE   s, how long jobs waited
--   avg_wall     DOUBLE   s, a run
--   avg_cpu      DOUBLE   s, a run
--   avg_view     DOUBLE   s, a run
--   avg_wait     DOUBLE   s, a run

SELECT k.resid, p.period, k.month, r.* EXCLUDE (resid, period, month, id)
FROM (SELECT DISTINCT resid, month FROM tool_rows) AS k
CROSS JOIN (VALUES (1), (12), (14)) AS p (period)
LEFT JOIN tool_rows AS r ON r.resid = k.resid AND r.period = p.period AND r.month = k.month
ORDER BY k.resid, p.period, k.month
