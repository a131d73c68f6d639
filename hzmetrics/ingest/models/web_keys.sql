-- What tells that a line of an access log became a row of `web`, of every recognised line (spec 10 §13): no filter matters.
SELECT DISTINCT datetime, clients.stored AS ip, left(url, 255) AS content
FROM requests
JOIN clients USING (address)
WHERE datetime IS NOT NULL AND clients.stored IS NOT NULL
