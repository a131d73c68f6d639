-- The domains to be written. A row that has its `?` already stays as it is.
--
-- grain: a row
-- reads: rows_without_domain, host_domains
-- columns:
--   row     BIGINT   number of the row
--   domain  VARCHAR  domain of the host, or `?`

SELECT rows_without_domain.row, host_domains.domain
FROM rows_without_domain JOIN host_domains USING (host)
WHERE rows_without_domain.domain IS DISTINCT FROM host_domains.domain
ORDER BY rows_without_domain.row
