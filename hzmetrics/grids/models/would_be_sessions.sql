-- The sessions that the month's requests would give, shaped as `websessions`. Their ids are below all that are stored;
-- their countries are those of their requests.
SELECT
    -v.number AS id, v.datetime, v.ip, v.host, v.domain, coalesce(c.ipcountry, '') AS ipcountry, v.duration,
    least(coalesce(j.jobs, 0), 127) AS jobs
FROM visits AS v
LEFT JOIN (SELECT number, max(ipcountry) AS ipcountry FROM cuts JOIN request_details USING (id) GROUP BY number) AS c
    ON c.number = v.number
LEFT JOIN (SELECT number, count(*) AS jobs FROM claims GROUP BY number) AS j ON j.number = v.number
