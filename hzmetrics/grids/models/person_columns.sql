-- Columns 2-11 of a person (spec 50 §7), for every residence and organization that occurs.
--
-- grain: a residence, organization and column
-- reads: profiles, runs, continent_columns
-- stored: table
-- columns:
--   country  VARCHAR  folded country of residence; empty if not given
--   orgtype  VARCHAR  folded kind of organization; empty if not given
--   colid    INTEGER  column of the grid, 2 to 11

WITH
persons AS (SELECT country, orgtype FROM profiles UNION SELECT country, orgtype FROM runs),
organizations AS (
    SELECT DISTINCT orgtype, CASE
        WHEN orgtype IN (
            'UNIVERSITYUNDERGRADUATE', 'UNIVERSITYGRADUATE', 'UNIVERSITYFACULTY', 'UNIVERSITYSTAFF',
            'PRECOLLEGESTUDENT', 'PRECOLLEGEFACULTYSTAFF', 'UNIVERSITY', 'EDUCATIONAL', 'PRECOLLEGE'
        ) THEN 8
        WHEN orgtype = 'INDUSTRY' THEN 9
        WHEN orgtype = 'GOVERNMENT' THEN 10
        ELSE 11
    END AS colid
    FROM persons
    WHERE orgtype <> ''
)
SELECT country, orgtype, 2 AS colid FROM persons WHERE country <> ''
UNION ALL
SELECT country, orgtype, colid FROM persons JOIN continent_columns USING (country)
UNION ALL
SELECT country, orgtype, 7 FROM persons WHERE orgtype <> ''
UNION ALL
SELECT country, orgtype, colid FROM persons JOIN organizations USING (orgtype)
