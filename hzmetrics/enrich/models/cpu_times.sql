-- The CPU times of rows of toolstart without one: that of the first job with the row's key that used some, in the order
-- of the hub's primary key (spec 20 §10). What rounds to the value that is stored changes nothing.
--
-- grain: a row
-- reads: jobs, unmeasured_starts
-- variables: pseudonym_key
-- columns:
--   row      BIGINT  number of the row
--   cputime  DOUBLE  s, of CPU

SELECT start.row, first(jobs.cputime ORDER BY sessnum, job, event, fold(venue)) AS cputime
FROM unmeasured_starts AS start
JOIN jobs
    ON jobs.datetime = start.datetime
    AND fold(jobs.user) = fold(start.user)
    AND address_of(jobs.ip, NULL) = address_of(start.ip, start.host)
WHERE jobs.used > 0
GROUP BY start.row, start.cputime
HAVING first(jobs.cputime ORDER BY sessnum, job, event, fold(venue)) <> start.cputime
ORDER BY start.row
