-- The hosts of the rows without a domain.
--
-- grain: a host
-- reads: rows_without_domain
-- stored: table
-- columns:
--   host  VARCHAR  host as it is stored
--   name  VARCHAR  the same in lower case, which decides

SELECT DISTINCT host, lower(host) AS name FROM rows_without_domain
