-- names(resid, name): the names under which a tool's sessions run, folded (spec 40 §3). They are the alias of its resource, and
-- the instances that its versions have, development instances apart.
SELECT resid, fold(alias) AS name
FROM tools
UNION
SELECT tools.resid, fold(version.instance)
FROM tools
JOIN tool_version AS version ON fold(version.toolname) = fold(tools.alias)
WHERE NOT is_empty(version.instance)
  AND NOT ends_with(fold_like(version.instance), '_DEV')
