-- Registered users: who logged in, in column 1, and in columns 2-11 by any profile of that name (spec 50 §8, row 6).
--
-- grain: a column and user
-- reads: logins, profiles, person_columns
-- columns:
--   colid  INTEGER  column of the grid
--   who    VARCHAR  folded user name
--   depth  BIGINT   depth of the latest login

WITH users AS (SELECT who, max(depth) AS depth FROM logins WHERE depth > 0 GROUP BY who)
SELECT 1 AS colid, who, depth FROM users
UNION ALL
SELECT DISTINCT c.colid, u.who, u.depth
FROM users AS u
JOIN profiles AS p USING (who)
JOIN person_columns AS c ON c.country = p.country AND c.orgtype = p.orgtype
