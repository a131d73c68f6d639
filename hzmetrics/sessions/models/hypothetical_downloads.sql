-- The downloads of the hypothetical sessions.
--
-- grain: a request
-- reads: sessionized_requests, sessions, request_details
-- columns:
--   sessionid  BIGINT   number of the session, negative
--   datetime   VARCHAR  time

SELECT -c.number AS sessionid, c.datetime
FROM sessionized_requests AS c
SEMI JOIN sessions AS s ON s.number = c.number
JOIN request_details AS d ON d.id = c.id
WHERE d.dnload = 1
