-- The figures of each tool over its months: a list of each figure, for each of the periods that there are.
--
-- grain: a tool and period
-- reads: tool_rows
-- columns:
--   resid        BIGINT     resource
--   period       BIGINT     code of the period
--   months       VARCHAR[]  the months in which the tool has figures of any of the periods, ascending
--   users        BIGINT[]   users in each of them; NULL where there is no figure
--   sessions     BIGINT[]   tool sessions
--   simulations  BIGINT[]   runs
--   jobs         BIGINT[]   jobs
--   tot_wall     DOUBLE[]   s, how long sessions were open
--   tot_cpu      DOUBLE[]   s, processor time
--   tot_view     DOUBLE[]   s, how long sessions were in view
--   tot_wait     DOUBLE[]   s, how long jobs waited
--   avg_wall     DOUBLE[]   s, a run
--   avg_cpu      DOUBLE[]   s, a run
--   avg_view     DOUBLE[]   s, a run
--   avg_wait     DOUBLE[]   s, a run

SELECT
    k.resid,
    p.period,
    list(k.month ORDER BY k.month) AS months,
    list(r.users ORDER BY k.month) AS users,
    list(r.sessions ORDER BY k.month) AS sessions,
    list(r.simulations ORDER BY k.month) AS simulations,
    list(r.jobs ORDER BY k.month) AS jobs,
    list(r.tot_wall ORDER BY k.month) AS tot_wall,
    list(r.tot_cpu ORDER BY k.month) AS tot_cpu,
    list(r.tot_view ORDER BY k.month) AS tot_view,
    list(r.tot_wait ORDER BY k.month) AS tot_wait,
    list(r.avg_wall ORDER BY k.month) AS avg_wall,
    list(r.avg_cpu ORDER BY k.month) AS avg_cpu,
    list(r.avg_view ORDER BY k.month) AS avg_view,
    list(r.avg_wait ORDER BY k.month) AS avg_wait
FROM (SELECT DISTINCT resid, month FROM tool_rows) AS k
CROSS JOIN (SELECT DISTINCT period FROM tool_rows) AS p
LEFT JOIN tool_rows AS r ON r.resid = k.resid AND r.period = p.period AND r.month = k.month
GROUP BY k.resid, p.period
ORDER BY k.resid, p.period
