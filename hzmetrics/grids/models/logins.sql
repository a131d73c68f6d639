-- The logins, each with its depth.
--
-- grain: a user, address and day
-- reads: grouped_logins, windows
-- corrections: window-start
-- stored: table
-- columns:
--   who      VARCHAR  folded user name
--   address  UBIGINT  identity of the address
--   day      VARCHAR  YYYY-MM-DD
--   depth    BIGINT   depth of the latest login; 0: in none of the windows

SELECT who, address, day, max(depth(moment)) AS depth
FROM grouped_logins
GROUP BY who, address, day
