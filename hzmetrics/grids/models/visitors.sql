-- The visitors of one part of them, with the depths of what they did. Most have one country and class.
--
-- grain: a visitor, country and class
-- reads: window_sessions, login_addresses
-- variables: parts BIGINT, part BIGINT
-- stored: table
-- columns:
--   visitor         UUID     identity of address and host
--   country         VARCHAR  folded country of the address; empty if not known
--   class           BIGINT   class of the domain; NULL if it has none
--   hidden          BIGINT   depth of the latest login from the address; 0: none
--   visit           BIGINT   depth of the latest visit; 0: none
--   interactive     BIGINT   depth of the latest interactive session
--   download        BIGINT   depth of the latest download session under 900 seconds (G8)
--   dated_download  BIGINT   depth of the latest such session and its download (G8W)

SELECT
    s.visitor, s.country, s.class, coalesce(l.depth, 0) AS hidden,
    s.visit, s.interactive, s.download, s.dated_download
FROM (
    SELECT
        visitor, address, country, class,
        coalesce(max(depth) FILTER (visits > 0), 0) AS visit,
        coalesce(max(depth) FILTER (is_interactive), 0) AS interactive,
        coalesce(max(depth) FILTER (is_short), 0) AS download,
        coalesce(max(download_depth) FILTER (is_short), 0) AS dated_download
    FROM window_sessions
    WHERE visitor IS NOT NULL AND hash(visitor) % getvariable('parts')::UBIGINT = getvariable('part')::UBIGINT
    GROUP BY visitor, address, country, class
) AS s
LEFT JOIN login_addresses AS l USING (address)
