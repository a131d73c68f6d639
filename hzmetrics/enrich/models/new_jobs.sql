-- The rows of `toolstart` to insert: the jobs that really ran and whose key none of the `known` rows has.
SELECT
    datetime,
    jobs.user,
    ip,
    1 AS success,
    tool,
    execunit,
    walltime,
    0.0::DOUBLE AS cputime
FROM jobs
WHERE event <> '[WAITING]'
    AND NOT EXISTS (
        FROM known
        WHERE known.datetime = jobs.datetime AND fold(known.user) = fold(jobs.user) AND fold(known.ip) = fold(jobs.ip)
    )
ORDER BY place
