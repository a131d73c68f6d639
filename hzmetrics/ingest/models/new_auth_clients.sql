-- The clients of auth events that were not seen before.
--
-- grain: a client
-- reads: auth_events, clients
-- columns:
--   address  VARCHAR  client, as logged

SELECT DISTINCT address FROM auth_events WHERE address NOT IN (SELECT address FROM clients)
