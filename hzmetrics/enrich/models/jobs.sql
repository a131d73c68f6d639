-- The jobs of tool sessions with the key of their rows in toolstart: start, user and address (spec 20 §9). Times are
-- rounded half up, with single precision. Sessions of the hub's own checks are left out.
--
-- grain: a job
-- reads: joblog, tool_sessions
-- columns:
--   datetime  VARCHAR  time of the start
--   user      VARCHAR  login name
--   ip        VARCHAR  address of the client
--   tool      VARCHAR  name of the tool
--   execunit  VARCHAR  host it ran on
--   event     VARCHAR  what ran, folded
--   walltime  DOUBLE   s, elapsed, rounded
--   used      DOUBLE   s, of CPU, as logged
--   cputime   DOUBLE   s, of CPU, rounded
--   place     BIGINT   place in the order of the hub's primary key

SELECT
    joblog.start AS datetime,
    tool_sessions.user,
    tool_sessions.ip,
    tool_sessions.tool,
    tool_sessions.execunit,
    fold(joblog.event) AS event,
    floor(joblog.walltime + 0.5)::FLOAT::DOUBLE AS walltime,
    joblog.cputime AS used,
    floor(joblog.cputime + 0.5)::FLOAT::DOUBLE AS cputime,
    row_number() OVER (ORDER BY joblog.sessnum, joblog.job, fold(joblog.event), fold(joblog.venue)) AS place
FROM joblog JOIN tool_sessions USING (sessnum)
WHERE fold(tool_sessions.user) <> 'GRIDSTAT' AND NOT starts_with(fold_like(tool_sessions.user), 'HCTEST')
