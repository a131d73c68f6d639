-- The first three lines of a chunk of an auth log that are not read.
--
-- grain: a line
-- reads: lines, auth_events
-- columns:
--   line  VARCHAR  its first 500 characters

SELECT left(line, 500) AS line
FROM lines
WHERE number NOT IN (SELECT number FROM auth_events WHERE datetime IS NOT NULL)
ORDER BY number
LIMIT 3
