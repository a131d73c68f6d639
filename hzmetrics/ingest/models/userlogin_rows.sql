-- The rows of userlogin that a chunk adds, in file order, without ids, with duplicates.
--
-- grain: a kept event
-- reads: filtered_auth_events
-- columns:
--   number     BIGINT   place of the line in the log
--   datetime   VARCHAR  time
--   user       VARCHAR  user name
--   uidNumber  BIGINT   number of the account
--   ip         VARCHAR  address
--   action     VARCHAR  what was done

SELECT number, datetime, "user", "uidNumber", ip, action FROM filtered_auth_events WHERE dropped_by IS NULL ORDER BY number
