-- The month_sessions of a year as windows see them that hold the year whole, or nothing of it: the months are no longer
-- told apart (spec 50 §16).
--
-- grain: an address, host, domain and country, a moment of begin and another one of downloads
-- reads: grouped_sessions
-- variables: year
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

SELECT
    address, host, domain, country, begun, downloaded,
    bool_or(is_interactive) AS is_interactive,
    bool_or(has_download) AS has_download,
    bool_or(is_short) AS is_short,
    sum(visits)::BIGINT AS visits,
    sum(user_sessions)::BIGINT AS user_sessions,
    sum(seconds) AS seconds
FROM (
    SELECT
        * EXCLUDE (begun, downloaded),
        moment_in_year(begun) AS begun,
        nullif(moment_in_year(downloaded), moment_in_year(begun)) AS downloaded
    FROM grouped_sessions
)
GROUP BY address, host, domain, country, begun, downloaded
ORDER BY address, host, domain, country, begun, downloaded
