-- The session of each tool start whose session is in one batch: of all that it belongs to, the one written last. So
-- each tool start is stamped by one batch only, and batches can be written side by side.
--
-- grain: a tool start
-- reads: tool_start_matches, batch
-- columns:
--   id         BIGINT  number of the tool start
--   sessionid  BIGINT  number of its session in `websessions`

SELECT id, number + ids_before AS sessionid
FROM (SELECT id, max(number) AS number FROM tool_start_matches GROUP BY id), batch
WHERE number > after AND number <= through
ORDER BY id
