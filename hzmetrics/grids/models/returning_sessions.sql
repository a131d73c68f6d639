-- Those of the sessions whose addresses occur later, too: with that, their visitors may count differently.
--
-- grain: a row of grouped_sessions
-- reads: grouped_sessions, later_addresses
-- columns:
--   address         UBIGINT        identity of the address
--   host            UBIGINT        identity of the host; NULL without a host
--   domain          UBIGINT        identity of the domain
--   country         VARCHAR        folded country of the address
--   begun           VARCHAR        moment of the begin
--   downloaded      VARCHAR        moment of their downloads where it is another one than that of the begin
--   is_interactive  BOOLEAN        whether one is interactive (A)
--   has_download    BOOLEAN        whether there are downloads (DA)
--   is_short        BOOLEAN        whether a session with such a download is shorter than 900 seconds
--   visits          BIGINT         number of them that count as visits
--   user_sessions   BIGINT         number of them that are long or in which a tool was started
--   seconds         DECIMAL(38,0)  s, the duration of the latter

SELECT * FROM grouped_sessions SEMI JOIN later_addresses USING (address)
