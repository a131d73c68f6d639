-- What tells that a line of an access log became a row of web, of every recognized line, whatever filters say
-- (spec 10 §13).
--
-- grain: a key
-- reads: clients, requests
-- columns:
--   datetime  VARCHAR  time
--   ip        VARCHAR  address
--   content   VARCHAR  URL, as long as the column

SELECT DISTINCT datetime, clients.stored AS ip, left(url, 255) AS content
FROM requests
JOIN clients USING (address)
WHERE datetime IS NOT NULL AND clients.stored IS NOT NULL
