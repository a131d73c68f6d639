-- domain_groups(resid, period, key, label, users): a tool's users by domain (spec 40 §5). Of several spellings the first
-- session's is shown.
SELECT resid, period, fold(domain) AS key, arg_min(domain, sessnum) AS label, count(DISTINCT person) AS users
FROM tool_sessions
GROUP BY resid, period, fold(domain)
