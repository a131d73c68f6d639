-- S: the sessions that begin in one of the windows.
--
-- grain: a row of grouped_sessions
-- reads: grouped_sessions, moments, domain_classes
-- corrections: countries
-- columns:
--   address         UBIGINT        identity of the address
--   host            UBIGINT        identity of the host; NULL without a host
--   domain          UBIGINT        identity of the domain
--   country         VARCHAR        folded country of the address; empty if not known
--   class           BIGINT         class of the domain; 0 if it has none
--   depth           BIGINT         depth of the begin
--   is_interactive  BOOLEAN        whether one is interactive (A)
--   has_download    BOOLEAN        whether there are download sessions (DA), whose downloads may be of any time
--   download_depth  BIGINT         depth of begin and download (DW): both must be inside; 0: none
--   is_short        BOOLEAN        whether one of the download sessions is shorter than 900 seconds
--   visits          BIGINT         number of them that count as visits
--   user_sessions   BIGINT         number of them that are long or in which a tool was started
--   seconds         DECIMAL(38,0)  s, the duration of the latter

SELECT
    s.address, s.host, s.domain, country_of(s.country) AS country, coalesce(c.class, 0) AS class, b.depth,
    s.is_interactive, s.has_download,
    CASE WHEN NOT s.has_download THEN 0 WHEN s.downloaded IS NULL THEN b.depth ELSE least(b.depth, d.depth) END
        AS download_depth,
    s.is_short, s.visits, s.user_sessions, s.seconds
FROM grouped_sessions AS s
JOIN moments AS b ON b.moment = s.begun AND b.depth > 0
LEFT JOIN moments AS d ON d.moment = s.downloaded
LEFT JOIN domain_classes AS c ON c.domain = s.domain
