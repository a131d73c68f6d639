-- S: the sessions that begin in one of the windows. Those of a visitor that count alike are one row: there are far fewer
-- visitors than sessions, and what is made of the texts is made of them once. Where there are pseudonyms (spec 67), they
-- stand for address and visitor.
--
-- grain: an address, host, domain, country, length and depth, as they are written
-- reads: websessions, session_downloads, login_addresses, domain_classes, windows
-- variables: pseudonym_key
-- corrections: window-start, countries
-- stored: table
-- columns:
--   ip              VARCHAR  folded address
--   visitor         VARCHAR  folded address and host; NULL without a host
--   country         VARCHAR  folded country of the address; empty if not known
--   domain          VARCHAR  folded domain
--   class           BIGINT   class of the domain; NULL if it has none
--   depth           BIGINT   depth of the begin
--   hidden          BIGINT   depth of the latest login from the address; 0: none
--   is_long         BOOLEAN  whether the sessions lasted at least 900 seconds
--   is_interactive  BOOLEAN  whether one is interactive (A): long, and no tool was started
--   has_download    BOOLEAN  whether one is a download session (DA): no tool started, something downloaded at any time
--   download_depth  BIGINT   depth of such a session and its latest download (DW): both must be inside; 0: none
--   visits          BIGINT   number of them that count as visits
--   user_sessions   BIGINT   number of them that are long or in which a tool was started
--   seconds         HUGEINT  s, the duration of the latter

SELECT
    address_of(g.ip, g.host) AS ip,
    visitor_of(g.ip, g.host) AS visitor,
    country_of(g.ipcountry) AS country,
    fold(g.domain) AS domain,
    c.class,
    g.depth,
    coalesce(l.depth, 0) AS hidden,
    g.* EXCLUDE (ip, host, domain, ipcountry, depth)
FROM (
    SELECT
        s.ip, s.host, s.domain, s.ipcountry, s.depth, s.is_long,
        bool_or(s.is_long AND s.jobs = 0) AS is_interactive,
        bool_or(s.jobs = 0 AND s.duration >= 0 AND d.sessionid IS NOT NULL) AS has_download,
        coalesce(max(least(s.depth, d.depth)) FILTER (s.jobs = 0 AND s.duration >= 0 AND d.depth > 0), 0)
            AS download_depth,
        count(*) FILTER (s.duration >= 0 OR s.jobs > 0) AS visits,
        count(*) FILTER (s.is_long OR s.jobs > 0) AS user_sessions,
        sum(s.duration) FILTER (s.is_long OR s.jobs > 0) AS seconds
    FROM (SELECT *, depth(datetime) AS depth, duration >= 900 AS is_long FROM websessions) AS s
    LEFT JOIN session_downloads AS d ON d.sessionid = s.id
    WHERE s.depth > 0
    GROUP BY s.ip, s.host, s.domain, s.ipcountry, s.depth, s.is_long
) AS g
LEFT JOIN login_addresses AS l ON l.ip = address_of(g.ip, g.host)
LEFT JOIN domain_classes AS c ON c.domain = fold(g.domain)
