-- The rows that get their host and, with it, their domain.
--
-- grain: a row
-- reads: rows_without_domain, host_domains
-- columns:
--   row     BIGINT   number of the row
--   host    VARCHAR  name of the address
--   domain  VARCHAR  domain of the host, or `?`

SELECT rows_without_domain.row, host, host_domains.domain
FROM rows_without_domain JOIN host_domains USING (host)
ORDER BY rows_without_domain.row
