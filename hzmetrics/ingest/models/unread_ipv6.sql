-- The lines that are unrecognized only because their client has an IPv6 address.
--
-- grain: the chunk
-- reads: senders, clients
-- columns:
--   lines  BIGINT  lines

SELECT coalesce(sum(lines), 0)::BIGINT AS lines
FROM senders
JOIN clients USING (address)
WHERE clients.is_ipv6 AND clients.stored IS NULL
