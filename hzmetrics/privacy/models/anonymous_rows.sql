-- The rows with a shortened address, and the pseudonym in the place of the host (spec 67).
--
-- grain: a row
-- reads: identified_rows
-- variables: pseudonym_key
-- columns:
--   row   BIGINT   number of the row
--   ip    VARCHAR  shortened address
--   host  VARCHAR  pseudonym of address and host

SELECT row, shortened(ip) AS ip, pseudonym(ip, host) AS host FROM identified_rows
