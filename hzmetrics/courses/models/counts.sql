-- The lines that are counts: a time and at most 18 integers (spec 86 §2).
--
-- grain: a line
-- reads: count_lines
-- columns:
--   position  BIGINT     number of the line in the file
--   time      TIMESTAMP  time
--   vals      BIGINT[]   integers

SELECT
    number AS position,
    try_cast(fields[1] AS TIMESTAMP) AS time,
    list_transform(fields[2:], lambda part: try_cast(part AS BIGINT)) AS vals
FROM count_lines
WHERE len(fields) BETWEEN 1 AND 19
    AND regexp_full_match(fields[1], '\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):\d{2}:\d{2}')
    AND try_cast(fields[1] AS TIMESTAMP) >= TIMESTAMP '0001-01-01'
    AND len(list_filter(fields[2:], lambda part: NOT regexp_full_match(part, '[+-]?\d+') OR try_cast(part AS BIGINT) IS NULL)) = 0
