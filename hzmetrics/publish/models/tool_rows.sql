-- The figures of each tool, one row a month and period: of several rows, that with the lowest id, which is kept up to
-- date (spec 40 §4).
--
-- grain: a tool, a month, a period
-- reads: tool_stats
-- columns:
--   resid        BIGINT   resource
--   period       BIGINT   code of the period
--   month        VARCHAR  YYYY-MM
--   id           BIGINT   row of resource_stats_tools
--   users        BIGINT   users
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

SELECT * FROM tool_stats
QUALIFY row_number() OVER (PARTITION BY resid, period, month ORDER BY id) = 1
ORDER BY resid, period, month
