-- The distinct hosts of the rows that want a domain, with the name that decides: in lower case.
-- materialised
SELECT DISTINCT host, lower(host) AS name FROM wanted
