-- L: the addresses from which somebody logged in, and always 127.0.0.1; never the empty one.
--
-- grain: an address
-- reads: logins, windows
-- stored: table
-- columns:
--   address  UBIGINT  identity of the address
--   depth    BIGINT   depth of the latest login

SELECT address, max(depth) AS depth
FROM (SELECT address, depth FROM logins UNION ALL SELECT short_identity('127.0.0.1'), everywhere())
WHERE address <> short_identity('') AND depth > 0
GROUP BY address
