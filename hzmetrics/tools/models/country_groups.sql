-- A tool's users by country of residence (spec 40 §5).
--
-- grain: a tool, period and country
-- reads: countries, tool_session_users
-- corrections: countries
-- columns:
--   resid   BIGINT   number of the tool's resource
--   period  BIGINT   code of the period
--   key     VARCHAR  folded code of the country
--   label   VARCHAR  name of the country; NULL if it has none
--   users   BIGINT   users

SELECT resid, period, key, countries.name AS label, users
FROM (
    SELECT resid, period, residence(country) AS key, count(DISTINCT who) AS users
    FROM tool_session_users
    GROUP BY resid, period, residence(country)
)
LEFT JOIN countries ON fold(countries.code) = key
