-- The domains of the checked rows that equal a `domain` filter (spec 20 §6).
--
-- grain: a domain
-- reads: checked_rows, filters
-- stored: table
-- columns:
--   domain  VARCHAR  domain as it is stored

SELECT domain
FROM (SELECT DISTINCT domain, fold(domain) AS name FROM checked_rows WHERE domain IS NOT NULL) AS domains
WHERE name IN (SELECT fold(filter) FROM filters WHERE fold(type) = 'DOMAIN')
