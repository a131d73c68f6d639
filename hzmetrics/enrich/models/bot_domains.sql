-- The domains of `candidates` that equal a `domain` filter.
-- materialised
SELECT domain
FROM (SELECT DISTINCT domain, fold(domain) AS name FROM candidates WHERE domain IS NOT NULL) AS domains
WHERE name IN (SELECT fold(filter) FROM filters WHERE fold(type) = 'DOMAIN')
