-- The first lines of a chunk that are not read.
SELECT left(line, 500) AS line
FROM lines
WHERE line <> '' AND NOT regexp_matches(line, getvariable('directive'))
    AND number NOT IN (SELECT number FROM requests WHERE datetime IS NOT NULL)
ORDER BY number
LIMIT 3
