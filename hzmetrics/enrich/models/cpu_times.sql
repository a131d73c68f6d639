-- The CPU times of rows of toolstart without one: that of the first job with the row's key that used some
-- (spec 20 §10). What rounds to the value that is stored changes nothing.
--
-- grain: a row
-- reads: jobs, unmeasured_starts
-- variables: pseudonym_key
-- columns:
--   row      BIGINT  number of the row
--   cputime  DOUBLE  s, of CPU

WITH used AS (
    SELECT datetime, fold(jobs.user) AS who, address_of(ip, NULL) AS address, arg_min(cputime, place) AS cputime
    FROM jobs WHERE jobs.used > 0
    GROUP BY ALL
)
SELECT unmeasured_starts.row, used.cputime
FROM unmeasured_starts
JOIN used
    ON used.datetime = unmeasured_starts.datetime
    AND used.who = fold(unmeasured_starts.user)
    AND used.address = address_of(unmeasured_starts.ip, unmeasured_starts.host)
WHERE used.cputime <> unmeasured_starts.cputime
ORDER BY unmeasured_starts.row
