-- The clients of requests that were not seen before.
--
-- grain: a client
-- reads: requests, clients
-- columns:
--   address  VARCHAR  client, as logged

SELECT DISTINCT address
FROM requests
WHERE address NOT IN (SELECT address FROM clients)
