-- The first lines of a chunk of an auth log that are not read.
SELECT left(line, 500) AS line
FROM lines
WHERE number NOT IN (SELECT number FROM auth_events WHERE datetime IS NOT NULL)
ORDER BY number
LIMIT 3
