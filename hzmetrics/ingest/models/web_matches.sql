-- The rows of web that a line of the file became.
--
-- grain: the file
-- reads: stored_requests, web_keys
-- columns:
--   first_id  BIGINT  lowest number; NULL if there is none
--   last_id   BIGINT  highest number; NULL if there is none
--   matched   BIGINT  rows

SELECT min(id) AS first_id, max(id) AS last_id, count(*) AS matched
FROM stored_requests
WHERE (datetime, ip, content) IN (SELECT (datetime, ip, content) FROM web_keys)
