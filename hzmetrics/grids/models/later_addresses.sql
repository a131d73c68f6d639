-- The addresses of sessions or logins. Those after the settled years decide on returning_sessions.
--
-- grain: an address
-- reads: grouped_sessions, grouped_logins
-- columns:
--   address  UBIGINT  identity of the address

SELECT address FROM grouped_sessions WHERE address IS NOT NULL
UNION
SELECT address FROM grouped_logins WHERE address IS NOT NULL
