-- What tells that a line of an auth log became a row of userlogin, of every recognized line (spec 10 §13).
--
-- grain: a key
-- reads: filtered_auth_events
-- columns:
--   datetime  VARCHAR  time
--   ip        VARCHAR  address
--   user      VARCHAR  user name
--   action    VARCHAR  what was done

SELECT DISTINCT datetime, ip, "user", action FROM filtered_auth_events
