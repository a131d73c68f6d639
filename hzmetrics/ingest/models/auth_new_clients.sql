-- Client addresses of auth lines that were not judged before.
SELECT DISTINCT address FROM auth_events WHERE address NOT IN (SELECT address FROM clients)
