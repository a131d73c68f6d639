-- The rows of `websessions` that one batch writes. `jobs` is a signed byte in the table (spec 30 §6).
SELECT
    number + ids_before AS id, datetime, '' AS ipcountry, ip, host, domain, duration,
    least(coalesce(jobs, 0), 127) AS jobs, 0 AS webevents
FROM batch, visits
LEFT JOIN (SELECT number, count(*) AS jobs FROM claims GROUP BY number) USING (number)
WHERE number > after AND number <= through
ORDER BY number
