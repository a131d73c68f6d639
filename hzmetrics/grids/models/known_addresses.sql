-- The addresses with known users from which interactive and download sessions came. Downloaders are counted here however
-- long their sessions are.
--
-- grain: an address, country and class
-- reads: window_sessions, known_users, settled_addresses
-- stored: table
-- columns:
--   address         UBIGINT  identity of the address
--   country         VARCHAR  folded country of the address; empty if not known
--   class           BIGINT   class of the domain; 0 if it has none
--   interactive     BIGINT   depth of the latest interactive session; 0: none
--   download        BIGINT   depth of the latest download session (DA)
--   dated_download  BIGINT   depth of the latest download session and its download (DW)

SELECT
    address, country, class,
    coalesce(max(depth) FILTER (is_interactive), 0) AS interactive,
    coalesce(max(depth) FILTER (has_download), 0) AS download,
    max(download_depth) AS dated_download
FROM window_sessions
SEMI JOIN known_users USING (address)
WHERE is_interactive OR has_download
GROUP BY address, country, class
UNION ALL
SELECT address, country, class, interactive, download, dated_download
FROM settled_addresses
WHERE sign > 0 AND address NOT IN (SELECT address FROM settled_addresses WHERE sign < 0)
