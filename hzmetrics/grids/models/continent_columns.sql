-- The columns of the countries (spec 50 §7): 3 US, 4 Asia, 5 Europe, 6 any other continent. A country may be in
-- several. Correction `countries`: Kosovo is in Europe, even if the table says otherwise.
--
-- grain: a country and column
-- reads: country_continent
-- corrections: countries
-- stored: table
-- columns:
--   country  VARCHAR  folded two-letter code
--   colid    INTEGER  column of the grid, 3 to 6

SELECT 'US' AS country, 3 AS colid
UNION
SELECT fold(country), CASE fold(continent) WHEN 'AS' THEN 4 WHEN 'EU' THEN 5 ELSE 6 END
FROM country_continent
WHERE NOT is_empty(country) AND (fold(country) <> 'US' OR fold(continent) IN ('AS', 'EU'))
    AND NOT (corrected('countries') AND fold(country) = 'XK')
UNION
SELECT 'XK', 5 WHERE corrected('countries')
