-- The clients of requests that were not seen before.
--
-- grain: a client
-- reads: senders, clients
-- columns:
--   address  VARCHAR  client, as logged

SELECT DISTINCT address
FROM senders
WHERE address NOT IN (SELECT address FROM clients)
