-- Columns 1-6 of a session (spec 50 §7), for every country that occurs.
--
-- grain: a country and column
-- reads: grouped_sessions, settled_addresses, continent_columns
-- corrections: countries
-- stored: table
-- columns:
--   country  VARCHAR  folded country of the address
--   colid    INTEGER  column of the grid, 1 to 6

WITH countries AS (
    SELECT DISTINCT country_of(country) AS country
    FROM (SELECT country FROM grouped_sessions UNION SELECT country FROM settled_addresses)
)
SELECT country, 1 AS colid FROM countries
UNION ALL
SELECT country, 2 FROM countries WHERE country NOT IN ('', '-')
UNION ALL
SELECT country, colid FROM countries JOIN continent_columns USING (country)
