-- A tool's users by domain (spec 40 §5). Of several spellings that of the first session is shown.
--
-- grain: a tool, period and domain
-- reads: tool_session_users
-- columns:
--   resid   BIGINT   number of the tool's resource
--   period  BIGINT   code of the period
--   key     VARCHAR  folded domain
--   label   VARCHAR  domain
--   users   BIGINT   users

SELECT resid, period, fold(domain) AS key, arg_min(domain, sessnum) AS label, count(DISTINCT who) AS users
FROM tool_session_users
GROUP BY resid, period, fold(domain)
