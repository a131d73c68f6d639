-- The names under which a tool's sessions run (spec 40 §3): the alias of its resource, and the instances of its
-- versions except those under development.
--
-- grain: a tool and name
-- reads: tools, tool_version
-- columns:
--   resid  BIGINT   number of the tool's resource
--   name   VARCHAR  folded name

SELECT resid, fold(alias) AS name
FROM tools
UNION
SELECT tools.resid, fold(version.instance)
FROM tools
JOIN tool_version AS version ON fold(version.toolname) = fold(tools.alias)
WHERE NOT is_empty(version.instance)
  AND NOT ends_with(fold_like(version.instance), '_DEV')
