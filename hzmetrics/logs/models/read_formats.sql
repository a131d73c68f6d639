-- How many lines of each format are read: those with a client and an existing time.
--
-- grain: a format
-- reads: requests
-- columns:
--   format  VARCHAR  name of the format
--   lines   BIGINT   lines

SELECT format, count(*) AS lines FROM requests WHERE datetime IS NOT NULL GROUP BY format
