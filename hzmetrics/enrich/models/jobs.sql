-- The jobs of tool sessions with the key of their `toolstart` rows: start, user and address; times rounded half up, with
-- single precision. Sessions of the hub's own checks are left out. `place` is the order of the hub's key.
SELECT
    joblog.start AS datetime,
    sessionlog.user,
    sessionlog.ip,
    sessionlog.tool,
    sessionlog.execunit,
    fold(joblog.event) AS event,
    floor(joblog.walltime + 0.5)::FLOAT::DOUBLE AS walltime,
    joblog.cputime AS used,
    floor(joblog.cputime + 0.5)::FLOAT::DOUBLE AS cputime,
    row_number() OVER (ORDER BY joblog.sessnum, joblog.job, fold(joblog.event), fold(joblog.venue)) AS place
FROM joblog JOIN sessionlog USING (sessnum)
WHERE fold(sessionlog.user) <> 'GRIDSTAT' AND NOT starts_with(fold_like(sessionlog.user), 'HCTEST')
