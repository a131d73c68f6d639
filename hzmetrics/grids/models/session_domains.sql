-- The domains of the sessions.
--
-- grain: a domain
-- reads: window_sessions
-- columns:
--   domain  UBIGINT  identity of the domain
--   depth   BIGINT   depth of the latest begin

SELECT domain, max(depth) AS depth
FROM window_sessions
WHERE domain IS NOT NULL
GROUP BY domain
