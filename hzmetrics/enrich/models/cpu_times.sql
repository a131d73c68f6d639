-- The CPU time of each `unmeasured` row of `toolstart` that a job of its key used some: the first such job's. What
-- rounds to the value that is there changes nothing.
WITH used AS (
    SELECT datetime, fold(jobs.user) AS who, fold(ip) AS address, arg_min(cputime, place) AS cputime
    FROM jobs WHERE jobs.used > 0
    GROUP BY ALL
)
SELECT unmeasured.row, used.cputime
FROM unmeasured
JOIN used
    ON used.datetime = unmeasured.datetime
    AND used.who = fold(unmeasured.user)
    AND used.address = fold(unmeasured.ip)
WHERE used.cputime <> unmeasured.cputime
ORDER BY unmeasured.row
