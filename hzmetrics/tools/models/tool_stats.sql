-- The rows of resource_stats_tools, one for every tool and period (spec 40 §4). Averages are those of a simulation.
--
-- grain: a tool and period
-- reads: run, clock, tools, windows, tool_totals
-- corrections: half-up
-- stored: arrow
-- columns:
--   resid         BIGINT   number of the tool's resource
--   restype       BIGINT   code of its type, 7
--   datetime      VARCHAR  time under which the row is stored
--   period        BIGINT   code of the period
--   processed_on  VARCHAR  time of the run
--   users         BIGINT   users
--   sessions      BIGINT   tool sessions
--   simulations   BIGINT   simulations
--   jobs          BIGINT   jobs
--   avg_wall      DOUBLE   s, elapsed, average
--   tot_wall      DOUBLE   s, elapsed
--   avg_cpu       DOUBLE   s, of CPU, average
--   tot_cpu       DOUBLE   s, of CPU
--   avg_view      DOUBLE   s, in view, average
--   tot_view      DOUBLE   s, in view
--   avg_wait      DOUBLE   s, waiting, average
--   tot_wait      DOUBLE   s, waiting
--   avg_cpus      BIGINT   CPUs, average
--   tot_cpus      BIGINT   CPUs

SELECT
    resid,
    7::BIGINT AS restype,
    run.datetime,
    period,
    clock.local AS processed_on,
    users,
    sessions,
    simulations,
    jobs,
    coalesce(tot_wall / divisor, 0) AS avg_wall,
    tot_wall,
    coalesce(tot_cpu / divisor, 0) AS avg_cpu,
    tot_cpu,
    coalesce(tot_view / divisor, 0) AS avg_view,
    tot_view,
    coalesce(tot_wait / divisor, 0) AS avg_wait,
    tot_wait,
    whole_average(coalesce(tot_cpus / divisor, 0)) AS avg_cpus,
    tot_cpus
FROM (
    SELECT
        tools.resid,
        windows.period,
        coalesce(use.users, 0) AS users,
        coalesce(use.sessions, 0) AS sessions,
        CAST(coalesce(use.simulations, 0) AS BIGINT) AS simulations,
        CAST(coalesce(use.jobs, 0) AS BIGINT) AS jobs,
        coalesce(use.wall, 0) AS tot_wall,
        coalesce(use.cpu, 0) AS tot_cpu,
        coalesce(use.view, 0) AS tot_view,
        coalesce(use.wait, 0) AS tot_wait,
        CAST(coalesce(use.cpus, 0) AS BIGINT) AS tot_cpus,
        nullif(use.simulations, 0) AS divisor
    FROM tools
    CROSS JOIN windows
    LEFT JOIN tool_totals AS use ON use.resid = tools.resid AND use.period = windows.period
)
CROSS JOIN run
CROSS JOIN clock
