-- The sessions of a tool in a window, and their jobs, added up (spec 40 §4). Seconds are added one by one in the order
-- of the primary key.
--
-- grain: a tool and period with sessions
-- reads: tool_sessions, tool_jobs
-- columns:
--   resid        BIGINT   number of the tool's resource
--   period       BIGINT   code of the period
--   users        BIGINT   users
--   sessions     BIGINT   tool sessions
--   simulations  BIGINT   simulations; NULL without jobs
--   jobs         BIGINT   jobs; NULL without jobs
--   wall         DOUBLE   s, elapsed
--   view         DOUBLE   s, in view
--   cpu          DOUBLE   s, of CPU
--   wait         DOUBLE   s, waiting
--   cpus         HUGEINT  CPUs

SELECT
    resid,
    period,
    session.users,
    session.sessions,
    job.simulations,
    job.jobs,
    session.wall,
    session.view,
    job.cpu,
    job.wait,
    job.cpus
FROM (
    SELECT
        resid,
        period,
        count(DISTINCT fold(username)) AS users,
        count(*) AS sessions,
        sum(walltime ORDER BY sessnum) AS wall,
        sum(viewtime ORDER BY sessnum) AS view
    FROM tool_sessions
    GROUP BY resid, period
) AS session
LEFT JOIN tool_jobs AS job USING (resid, period)
