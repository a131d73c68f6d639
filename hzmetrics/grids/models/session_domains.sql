-- The domains of the sessions.
--
-- grain: a domain
-- reads: window_sessions, settled_domains
-- columns:
--   domain  UBIGINT  identity of the domain
--   depth   BIGINT   depth of the latest begin

SELECT domain, max(depth) AS depth
FROM (SELECT domain, depth FROM window_sessions UNION ALL SELECT domain, depth FROM settled_domains)
WHERE domain IS NOT NULL
GROUP BY domain
