-- The downloads of those sessions.
SELECT -c.number AS sessionid, c.datetime
FROM cuts AS c
SEMI JOIN visits AS v ON v.number = c.number
JOIN request_details AS d ON d.id = c.id
WHERE d.dnload = 1
