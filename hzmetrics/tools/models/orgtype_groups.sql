-- A tool's users by the type of organization in their profiles (spec 40 §5). Of several spellings that of the lowest
-- account number is shown.
--
-- grain: a tool, period and type of organization
-- reads: tool_session_users, xprofiles
-- columns:
--   resid   BIGINT   number of the tool's resource
--   period  BIGINT   code of the period
--   key     VARCHAR  folded type
--   label   VARCHAR  type of organization
--   users   BIGINT   users

SELECT resid, period, fold(orgtype) AS key, arg_min(orgtype, uidNumber) AS label, count(DISTINCT who) AS users
FROM (SELECT DISTINCT resid, period, who FROM tool_session_users)
JOIN xprofiles ON fold(xprofiles.username) = who
GROUP BY resid, period, fold(orgtype)
