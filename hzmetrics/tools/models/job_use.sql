-- job_use(resid, period, ...): what the jobs of a tool's sessions in a window add up to (spec 40 §4). Waiting for a machine is
-- an event of its own; job 0 is the session itself. Seconds are added one by one in the order of the primary key, since what is
-- rounded later depends on it.
SELECT
    uses.resid,
    uses.period,
    count(*) FILTER (what <> 'APPLICATION' AND superjob = 0) AS simulations,
    count(*) FILTER (what <> '[WAITING]' AND job > 0) AS jobs,
    sum(cputime ORDER BY place) FILTER (what <> '[WAITING]' AND job > 0) AS cpu,
    sum(job.walltime ORDER BY place) FILTER (what = '[WAITING]' AND job > 0) AS wait,
    sum(ncpus) AS cpus
FROM uses
JOIN (
    SELECT *, fold(event) AS what, row_number() OVER (ORDER BY sessnum, job, fold(event), fold(venue)) AS place FROM joblog
) AS job ON job.sessnum = uses.sessnum
GROUP BY uses.resid, uses.period
