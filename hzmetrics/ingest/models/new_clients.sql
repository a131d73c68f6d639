-- Client addresses that were not judged before.
SELECT DISTINCT address
FROM requests
WHERE address NOT IN (SELECT address FROM clients)
