-- The session of each request of one batch.
--
-- grain: a request
-- reads: batch, sessionized_requests, sessions
-- columns:
--   id         BIGINT  number of the request
--   sessionid  BIGINT  number of its session in `websessions`

SELECT id, number + ids_before AS sessionid
FROM batch, sessionized_requests SEMI JOIN sessions USING (number)
WHERE number > after AND number <= through
ORDER BY id
