-- The users whose state is stored: with a running server or a last activity, or stored before; or everybody.
--
-- grain: a user
-- reads: users, scope, stored_users
-- columns:
--   username                VARCHAR  name
--   is_authorized           BIGINT   1 if the account may be used
--   server_active           BIGINT   1 if a server of the user runs
--   last_activity           VARCHAR  time; NULL if none is known
--   time_remaining_seconds  BIGINT   s, until the server is stopped; NULL if not known
--   cpu_percent             DOUBLE   %, of the server; NULL if not known
--   memory_mb               DOUBLE   MB, of the server; NULL if not known
--   memory_percent          DOUBLE   %, of the server; NULL if not known

SELECT users.*
FROM users, scope
WHERE is_everybody OR server_active = 1 OR last_activity IS NOT NULL OR username IN (SELECT username FROM stored_users)
