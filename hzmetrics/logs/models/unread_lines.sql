-- The first three lines of a chunk that are not read.
--
-- grain: a line
-- reads: lines, requests
-- variables: directive
-- columns:
--   line  VARCHAR  its first 500 characters

SELECT left(line, 500) AS line
FROM lines
WHERE line <> '' AND NOT regexp_matches(line, getvariable('directive'))
    AND number NOT IN (SELECT number FROM requests WHERE datetime IS NOT NULL)
ORDER BY number
LIMIT 3
