-- The users of an address, by their logins of all time, so in every window. Correction `dated-logins`: only in the
-- windows of those logins.
--
-- grain: an address and user
-- reads: logins, windows
-- corrections: dated-logins
-- stored: table
-- columns:
--   address  UBIGINT  identity of the address
--   who      VARCHAR  folded user name
--   depth    BIGINT   depth down to which the user is known at the address

SELECT address, who, CASE WHEN corrected('dated-logins') THEN max(depth) ELSE everywhere() END AS depth
FROM logins
GROUP BY address, who
