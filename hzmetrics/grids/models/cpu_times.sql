-- CPU seconds: of the tools in the alias list what the jobs of persons used, of all others what the session used,
-- whoever ran it (spec 50 §9, row 3).
SELECT depth, cputime AS seconds FROM sessions_of_tools ANTI JOIN aliases USING (tool)
UNION ALL
SELECT s.depth, coalesce(j.cputime, 0)
FROM sessions_of_tools AS s
SEMI JOIN aliases AS a ON a.tool = s.tool
JOIN joblog AS j ON j.sessnum = s.sessnum
WHERE s.by_person AND j.job > 0 AND fold(j.event) <> '[WAITING]'
