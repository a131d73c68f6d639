-- The first three lines of each log in a chunk that are not read.
--
-- grain: a line
-- reads: lines, requests
-- variables: directive
-- columns:
--   log   BIGINT   the log
--   line  VARCHAR  its first 500 characters

SELECT log_of(number) AS log, left(line, 500) AS line
FROM lines
WHERE line <> '' AND NOT regexp_matches(line, getvariable('directive'))
    AND number NOT IN (SELECT number FROM requests WHERE datetime IS NOT NULL)
QUALIFY row_number() OVER (PARTITION BY log ORDER BY number) <= 3
ORDER BY number
