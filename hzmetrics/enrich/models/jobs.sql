-- The jobs of tool sessions with the key of their rows in toolstart: start, user and address (spec 20 §9). Times are
-- rounded half up, with single precision. Sessions of the hub's own checks are left out.
--
-- grain: a job
-- reads: joblog, tool_sessions
-- columns:
--   sessnum   BIGINT   number of the tool session
--   job       BIGINT   number of the job in it
--   event     VARCHAR  what ran, folded
--   venue     VARCHAR  where it ran
--   datetime  VARCHAR  time of the start
--   user      VARCHAR  login name
--   ip        VARCHAR  address of the client
--   tool      VARCHAR  name of the tool
--   execunit  VARCHAR  host it ran on
--   walltime  DOUBLE   s, elapsed, rounded
--   used      DOUBLE   s, of CPU, as logged
--   cputime   DOUBLE   s, of CPU, rounded

SELECT
    joblog.sessnum,
    joblog.job,
    fold(joblog.event) AS event,
    joblog.venue,
    joblog.start AS datetime,
    tool_sessions.user,
    tool_sessions.ip,
    tool_sessions.tool,
    tool_sessions.execunit,
    floor(joblog.walltime + 0.5)::FLOAT::DOUBLE AS walltime,
    joblog.cputime AS used,
    floor(joblog.cputime + 0.5)::FLOAT::DOUBLE AS cputime
FROM joblog JOIN tool_sessions USING (sessnum)
WHERE fold(tool_sessions.user) <> 'GRIDSTAT' AND NOT starts_with(fold_like(tool_sessions.user), 'HCTEST')
