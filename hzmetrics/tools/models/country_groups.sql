-- country_groups(resid, period, key, label, users): a tool's users by country of residence (spec 40 §5).
SELECT resid, period, key, countries.name AS label, users
FROM (
    SELECT resid, period, residence(country) AS key, count(DISTINCT person) AS users
    FROM tool_sessions
    GROUP BY ALL
)
LEFT JOIN countries ON fold(countries.code) = key
