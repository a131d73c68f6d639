-- The rows of userlogin that a line of the file became.
--
-- grain: the file
-- reads: stored_logins, userlogin_keys
-- columns:
--   first_id  BIGINT  lowest number; NULL if there is none
--   last_id   BIGINT  highest number; NULL if there is none
--   matched   BIGINT  rows

SELECT min(id) AS first_id, max(id) AS last_id, count(*) AS matched
FROM stored_logins
WHERE (datetime, ip, "user", action) IN (SELECT (datetime, ip, "user", action) FROM userlogin_keys)
