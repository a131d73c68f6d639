-- materialised
-- Columns 1-6 of a session (spec 50 §7), for every country that occurs.
WITH countries AS (SELECT DISTINCT country FROM sessions)
SELECT country, 1 AS colid FROM countries
UNION ALL
SELECT country, 2 FROM countries WHERE country NOT IN ('', '-')
UNION ALL
SELECT country, colid FROM countries JOIN residence USING (country)
