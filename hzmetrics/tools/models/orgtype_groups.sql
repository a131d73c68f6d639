-- orgtype_groups(resid, period, key, label, users): a tool's users by the type of organisation in their profiles (spec 40 §5).
-- Of several spellings that of the lowest account number is shown.
SELECT resid, period, fold(orgtype) AS key, arg_min(orgtype, uidNumber) AS label, count(DISTINCT person) AS users
FROM (SELECT DISTINCT resid, period, person FROM tool_sessions)
JOIN profiles ON fold(profiles.username) = person
GROUP BY resid, period, fold(orgtype)
