-- The lines that are events: exactly six fields, the first a time of exactly the shape YYYY-MM-DDTHH:MM:SS (spec 86 §2).
--
-- grain: a line
-- reads: event_lines
-- columns:
--   position  BIGINT     number of the line in the file
--   time      TIMESTAMP  time
--   student   VARCHAR    name
--   notebook  VARCHAR    name
--   action    VARCHAR    what happened to the notebook's container

SELECT
    number AS position,
    try_cast(fields[1] AS TIMESTAMP) AS time,
    fields[3] AS student,
    fields[4] AS notebook,
    fields[5] AS action
FROM event_lines
WHERE len(fields) = 6
    AND regexp_full_match(fields[1], '\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):\d{2}:\d{2}')
    AND try_cast(fields[1] AS TIMESTAMP) >= TIMESTAMP '0001-01-01'
