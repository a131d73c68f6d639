-- materialised
-- Columns 2-11 of a person (spec 50 §7), for every residence and organisation that occurs. Here NULL is as good as empty.
WITH
people AS (SELECT country, orgtype FROM profiles UNION SELECT country, orgtype FROM runs),
organisations AS (
    SELECT DISTINCT orgtype, CASE
        WHEN orgtype IN (
            'UNIVERSITYUNDERGRADUATE', 'UNIVERSITYGRADUATE', 'UNIVERSITYFACULTY', 'UNIVERSITYSTAFF',
            'PRECOLLEGESTUDENT', 'PRECOLLEGEFACULTYSTAFF', 'UNIVERSITY', 'EDUCATIONAL', 'PRECOLLEGE'
        ) THEN 8
        WHEN orgtype = 'INDUSTRY' THEN 9
        WHEN orgtype = 'GOVERNMENT' THEN 10
        ELSE 11
    END AS colid
    FROM people
    WHERE orgtype <> ''
)
SELECT country, orgtype, 2 AS colid FROM people WHERE country <> ''
UNION ALL
SELECT country, orgtype, colid FROM people JOIN residence USING (country)
UNION ALL
SELECT country, orgtype, 7 FROM people WHERE orgtype <> ''
UNION ALL
SELECT country, orgtype, colid FROM people JOIN organisations USING (orgtype)
