-- The lines that are unrecognized only because their client has an IPv6 address.
--
-- grain: the chunk
-- reads: requests, clients
-- columns:
--   lines  BIGINT  lines

SELECT count(*) AS lines
FROM requests
JOIN clients USING (address)
WHERE datetime IS NOT NULL AND clients.is_ipv6 AND clients.stored IS NULL
