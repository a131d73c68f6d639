-- session_jobs(sessnum, ...): what the jobs of a tool session add up to (spec 40 §4). Waiting for a machine is an event of its
-- own; job 0 is the session itself.
SELECT
    sessnum,
    count(*) FILTER (WHERE what <> 'APPLICATION' AND superjob = 0) AS simulations,
    count(*) FILTER (WHERE what <> '[WAITING]' AND job > 0) AS jobs,
    sum(cputime) FILTER (WHERE what <> '[WAITING]' AND job > 0) AS cpu,
    sum(walltime) FILTER (WHERE what = '[WAITING]' AND job > 0) AS wait,
    sum(ncpus) AS cpus
FROM (SELECT *, fold(event) AS what FROM joblog)
GROUP BY sessnum
