-- UL: who logged in or started a simulation, from which address, on which day; of all time, the future included.
--
-- grain: a user, address and day
-- reads: userlogin_lite, windows
-- variables: pseudonym_key
-- corrections: window-start
-- stored: table
-- columns:
--   who    VARCHAR  folded user name
--   ip     VARCHAR  folded address
--   day    VARCHAR  YYYY-MM-DD
--   depth  BIGINT   depth of the latest login; 0: in none of the windows

SELECT fold("user") AS who, address_of(ip, pseudonym) AS ip, left(datetime, 10) AS day, max(depth(datetime)) AS depth
FROM userlogin_lite
GROUP BY ALL
