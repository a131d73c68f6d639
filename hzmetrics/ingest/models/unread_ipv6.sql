-- The lines of each log that are unrecognized only because their client has an IPv6 address.
--
-- grain: a log with such lines
-- reads: senders, clients
-- columns:
--   log    BIGINT  the log
--   lines  BIGINT  lines

SELECT log, sum(lines)::BIGINT AS lines
FROM senders
JOIN clients USING (address)
WHERE clients.is_ipv6 AND clients.stored IS NULL
GROUP BY log
