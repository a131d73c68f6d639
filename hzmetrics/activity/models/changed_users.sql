-- The states that are not stored yet.
--
-- grain: a user
-- reads: kept_users, stored_users
-- columns:
--   username                VARCHAR  name
--   is_authorized           BIGINT   1 if the account may be used
--   server_active           BIGINT   1 if a server of the user runs
--   last_activity           VARCHAR  time; NULL if none is known
--   time_remaining_seconds  BIGINT   s, until the server is stopped; NULL if not known
--   cpu_percent             DOUBLE   %, of the server; NULL if not known
--   memory_mb               DOUBLE   MB, of the server; NULL if not known
--   memory_percent          DOUBLE   %, of the server; NULL if not known

FROM kept_users EXCEPT FROM stored_users
