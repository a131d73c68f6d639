-- The lines that are neither events nor blank.
--
-- grain: a line
-- reads: event_lines, events
-- columns:
--   number  BIGINT  number in the file

SELECT event_lines.number
FROM event_lines
ANTI JOIN events ON events.position = event_lines.number
WHERE len(fields) > 0
ORDER BY number
