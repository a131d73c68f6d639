-- S: the sessions that begin in one of the windows. Where there are pseudonyms (spec 67), they stand for address and
-- visitor.
--
-- grain: a session
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
--   duration        BIGINT   s, from first to last request
--   jobs            BIGINT   tool starts
--   depth           BIGINT   depth of the begin
--   has_download    BOOLEAN  whether it downloaded something
--   download_depth  BIGINT   depth of the latest download; 0: none
--   hidden          BIGINT   depth of the latest login from the address; 0: none

SELECT
    address_of(s.ip, s.host) AS ip,
    visitor_of(s.ip, s.host) AS visitor,
    country_of(s.ipcountry) AS country,
    fold(s.domain) AS domain,
    c.class,
    s.duration,
    s.jobs,
    depth(s.datetime) AS depth,
    d.sessionid IS NOT NULL AS has_download,
    coalesce(d.depth, 0) AS download_depth,
    coalesce(l.depth, 0) AS hidden
FROM websessions AS s
LEFT JOIN session_downloads AS d ON d.sessionid = s.id
LEFT JOIN login_addresses AS l ON l.ip = address_of(s.ip, s.host)
LEFT JOIN domain_classes AS c ON c.domain = fold(s.domain)
WHERE depth(s.datetime) > 0
