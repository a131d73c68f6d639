-- The visitors of one part of them, with the depths of what they did. Most have one country and class.
--
-- grain: an address, host, country and class
-- reads: window_sessions, login_addresses
-- variables: first_address UBIGINT, last_address UBIGINT
-- stored: table
-- columns:
--   address         UBIGINT  identity of the address
--   host            UBIGINT  identity of the host
--   country         VARCHAR  folded country of the address; empty if not known
--   class           BIGINT   class of the domain; 0 if it has none
--   hidden          BIGINT   depth of the latest login from the address; 0: none
--   visit           BIGINT   depth of the latest visit; 0: none
--   interactive     BIGINT   depth of the latest interactive session
--   download        BIGINT   depth of the latest download session under 900 seconds (G8)
--   dated_download  BIGINT   depth of the latest such session and its download (G8W)

SELECT
    s.address, s.host, s.country, s.class, coalesce(l.depth, 0) AS hidden,
    s.visit, s.interactive, s.download, s.dated_download
FROM (
    SELECT
        address, host, country, class,
        max(CASE WHEN visits > 0 THEN depth ELSE 0 END) AS visit,
        max(CASE WHEN is_interactive THEN depth ELSE 0 END) AS interactive,
        max(CASE WHEN is_short THEN depth ELSE 0 END) AS download,
        max(CASE WHEN is_short THEN download_depth ELSE 0 END) AS dated_download
    FROM window_sessions
    WHERE host IS NOT NULL
        AND address BETWEEN getvariable('first_address')::UBIGINT AND getvariable('last_address')::UBIGINT
    GROUP BY address, host, country, class
) AS s
LEFT JOIN login_addresses AS l USING (address)
