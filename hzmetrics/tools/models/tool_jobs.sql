-- What the jobs of a tool's sessions in a window add up to (spec 40 §4). Waiting for a machine is an event of its own;
-- job 0 is the session itself. Seconds are added one by one in the order of the primary key, because the rounded
-- figure depends on the order.
--
-- grain: a tool and period with jobs
-- reads: tool_sessions, joblog
-- columns:
--   resid        BIGINT   number of the tool's resource
--   period       BIGINT   code of the period
--   simulations  BIGINT   simulations
--   jobs         BIGINT   jobs
--   cpu          DOUBLE   s, of CPU
--   wait         DOUBLE   s, waiting
--   cpus         HUGEINT  CPUs

SELECT
    tool_sessions.resid,
    tool_sessions.period,
    count(*) FILTER (what <> 'APPLICATION' AND superjob = 0) AS simulations,
    count(*) FILTER (what <> '[WAITING]' AND job > 0) AS jobs,
    sum(cputime ORDER BY sessnum, job, what, place) FILTER (what <> '[WAITING]' AND job > 0) AS cpu,
    sum(job.walltime ORDER BY sessnum, job, what, place) FILTER (what = '[WAITING]' AND job > 0) AS wait,
    sum(ncpus) AS cpus
FROM tool_sessions
JOIN (SELECT *, fold(event) AS what, fold(venue) AS place FROM joblog) AS job USING (sessnum)
GROUP BY tool_sessions.resid, tool_sessions.period
