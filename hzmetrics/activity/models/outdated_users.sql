-- The users whose stored state is to be deleted: it has changed, or the user no longer exists.
--
-- grain: a user
-- reads: stored_users, kept_users
-- columns:
--   username  VARCHAR  name

SELECT username FROM (FROM stored_users EXCEPT FROM kept_users)
