-- CPU seconds: of the tools timed by their jobs what the jobs of persons used, of all others what the session used, no
-- matter who ran it (spec 50 §9, row 3).
--
-- grain: a tool session, or a job of one
-- reads: tool_sessions, job_timed_tools, joblog
-- columns:
--   depth    BIGINT  depth of the session's start
--   seconds  DOUBLE  s, of CPU

SELECT depth, cputime AS seconds FROM tool_sessions ANTI JOIN job_timed_tools USING (tool)
UNION ALL
SELECT s.depth, coalesce(j.cputime, 0)
FROM tool_sessions AS s
SEMI JOIN job_timed_tools AS a ON a.tool = s.tool
JOIN joblog AS j ON j.sessnum = s.sessnum
WHERE s.by_person AND j.job > 0 AND fold(j.event) <> '[WAITING]'
