-- L: the addresses from which somebody logged in, and always 127.0.0.1; never the empty one.
--
-- grain: an address
-- reads: logins, windows
-- stored: table
-- columns:
--   address  UBIGINT  identity of the address
--   depth    BIGINT   depth of the latest login

SELECT short_identity(ip) AS address, max(depth) AS depth
FROM (SELECT ip, depth FROM logins UNION ALL SELECT '127.0.0.1', everywhere())
WHERE ip <> '' AND depth > 0
GROUP BY ip
