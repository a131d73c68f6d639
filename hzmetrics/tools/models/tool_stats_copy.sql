-- The rows that tools have in resource_stats, where times are whole seconds (spec 40 §4).
--
-- grain: a tool and period
-- reads: tool_stats
-- columns:
--   resid         BIGINT   number of the tool's resource
--   restype       BIGINT   code of its type, 7
--   datetime      VARCHAR  time under which the row is stored
--   period        BIGINT   code of the period
--   processed_on  VARCHAR  time of the run
--   users         BIGINT   users
--   jobs          BIGINT   jobs
--   avg_wall      BIGINT   s, elapsed, average
--   tot_wall      BIGINT   s, elapsed
--   avg_cpu       BIGINT   s, of CPU, average
--   tot_cpu       BIGINT   s, of CPU

SELECT
    resid,
    restype,
    datetime,
    period,
    processed_on,
    users,
    jobs,
    whole_seconds(avg_wall) AS avg_wall,
    whole_seconds(tot_wall) AS tot_wall,
    whole_seconds(avg_cpu) AS avg_cpu,
    whole_seconds(tot_cpu) AS tot_cpu
FROM tool_stats
