-- The rows whose domain is to be written. One that has its `?` already stays as it is.
SELECT wanted.row, host_domains.domain
FROM wanted JOIN host_domains USING (host)
WHERE wanted.domain IS DISTINCT FROM host_domains.domain
ORDER BY wanted.row
