-- materialised
-- L: the addresses that somebody logged in from, and always 127.0.0.1; never the empty one.
SELECT ip, max(depth) AS depth
FROM (SELECT ip, depth FROM logins UNION ALL SELECT '127.0.0.1', everywhere())
WHERE ip <> '' AND depth > 0
GROUP BY ip
