-- How many lines of each format are read: those with a client and an existing time.
SELECT format, count(*) AS lines FROM requests WHERE datetime IS NOT NULL GROUP BY format
