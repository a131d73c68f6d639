-- The rows to insert into toolstart: the jobs that really ran and whose key no stored row has (spec 20 §9).
--
-- grain: a job
-- reads: jobs, stored_starts
-- variables: pseudonym_key
-- columns:
--   datetime  VARCHAR  time of the start
--   user      VARCHAR  login name
--   ip        VARCHAR  address of the client
--   success   INTEGER  1
--   tool      VARCHAR  name of the tool
--   execunit  VARCHAR  host it ran on
--   walltime  DOUBLE   s, elapsed
--   cputime   DOUBLE   0: filled later

SELECT
    jobs.datetime,
    jobs.user,
    jobs.ip,
    1 AS success,
    jobs.tool,
    jobs.execunit,
    jobs.walltime,
    0.0::DOUBLE AS cputime
FROM jobs
ANTI JOIN stored_starts
    ON stored_starts.datetime = jobs.datetime
    AND fold(stored_starts.user) = fold(jobs.user)
    AND address_of(stored_starts.ip, stored_starts.host) = address_of(jobs.ip, NULL)
WHERE event <> '[WAITING]'
ORDER BY sessnum, job, event, fold(venue)
