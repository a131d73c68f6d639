-- The class of each listed domain; 0 (unknown), 4 (internet provider) and negative numbers are no classes
-- (spec 50 §6).
--
-- grain: a domain
-- reads: domainclass
-- stored: table
-- columns:
--   domain  UBIGINT  identity of the domain
--   class   BIGINT   code of the class

SELECT short_identity(fold(domain)) AS domain, any_value("class") AS class
FROM domainclass
WHERE "class" > 0 AND "class" <> 4
GROUP BY 1
