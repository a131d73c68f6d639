-- materialised
-- The class of each listed domain; 0 (unknown), 4 (internet provider) and what is negative are no classes (spec 50 §6).
SELECT fold(domain) AS domain, any_value("class") AS class
FROM domainclass
WHERE "class" > 0 AND "class" <> 4
GROUP BY 1
