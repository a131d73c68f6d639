-- The tools whose CPU time is taken from their jobs (spec 50 §11): those found under the applications root, and the
-- instances of their versions except those under development. `workspace` is always one.
--
-- grain: a tool
-- reads: applications, tool_version
-- stored: table
-- columns:
--   tool  VARCHAR  folded name of the tool

WITH seeds AS (SELECT 'WORKSPACE' AS tool UNION SELECT fold(name) FROM applications)
SELECT tool FROM seeds
UNION
SELECT fold(v.instance)
FROM tool_version AS v
JOIN seeds AS s ON s.tool = fold(v.toolname)
WHERE NOT is_empty(v.instance) AND NOT ends_with(fold_like(v.instance), '_DEV')
