-- Registered users: who logged in, in column 1, and in columns 2-11 by any profile of that name (spec 50 §8, row 6).
WITH users AS (SELECT who, max(depth) AS depth FROM logins WHERE depth > 0 GROUP BY who)
SELECT 1 AS colid, who, depth FROM users
UNION ALL
SELECT DISTINCT c.colid, u.who, u.depth
FROM users AS u
JOIN profiles AS p USING (who)
JOIN person_columns AS c ON c.country = p.country AND c.orgtype = p.orgtype
