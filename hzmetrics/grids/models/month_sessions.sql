-- The sessions of one month as the grids count them. Those of a visitor that count alike are one row: there are far fewer
-- visitors than sessions, and what is made of the texts is made of them once. Where there are pseudonyms (spec 67), they
-- stand for address and host. What is joined here never changes later but with the rows of the month: snapshots hold
-- these rows (spec 50 §16). Their order lets readers find those of a part of the addresses.
--
-- grain: an address, host, domain and country, as they are written, a moment of begin and another one of downloads
-- reads: websessions, download_requests
-- variables: pseudonym_key
-- columns:
--   address         UBIGINT        identity of the address
--   host            UBIGINT        identity of the host; NULL without a host
--   domain          UBIGINT        identity of the domain
--   country         VARCHAR        folded country of the address
--   begun           VARCHAR        moment of the begin
--   downloaded      VARCHAR        moment of their downloads where it is another one than that of the begin
--   is_interactive  BOOLEAN        whether one is interactive (A): at least 900 seconds, and no tool was started
--   has_download    BOOLEAN        whether there are downloads, of sessions without a tool start (DA)
--   is_short        BOOLEAN        whether a session with such a download is shorter than 900 seconds
--   visits          BIGINT         number of them that count as visits
--   user_sessions   BIGINT         number of them that are long or in which a tool was started
--   seconds         DECIMAL(38,0)  s, the duration of the latter

SELECT
    short_identity(address_of(ip, host)) AS address,
    short_identity(visitor_host(host)) AS host,
    short_identity(fold(domain)) AS domain,
    fold(ipcountry) AS country,
    * EXCLUDE (ip, host, domain, ipcountry)
FROM (
    SELECT
        ip, host, domain, ipcountry, begun, downloaded,
        bool_or(duration >= 900 AND jobs = 0) AS is_interactive,
        bool_or(is_download) AS has_download,
        bool_or(is_download AND duration < 900) AS is_short,
        count(*) FILTER (NOT is_download AND (duration >= 0 OR jobs > 0)) AS visits,
        count(*) FILTER (NOT is_download AND (duration >= 900 OR jobs > 0)) AS user_sessions,
        (sum(duration) FILTER (NOT is_download AND (duration >= 900 OR jobs > 0)))::DECIMAL(38, 0) AS seconds
    FROM (
        SELECT
            ip, host, domain, ipcountry, moment(datetime) AS begun, NULL::VARCHAR AS downloaded, duration, jobs,
            FALSE AS is_download
        FROM websessions
        UNION ALL
        SELECT
            s.ip, s.host, s.domain, s.ipcountry, moment(s.datetime), nullif(moment(d.datetime), moment(s.datetime)),
            s.duration, s.jobs, TRUE
        FROM websessions AS s
        JOIN download_requests AS d ON d.sessionid = s.id
        WHERE s.jobs = 0 AND s.duration >= 0
    )
    GROUP BY ip, host, domain, ipcountry, begun, downloaded
)
ORDER BY address, host, domain, country, begun, downloaded
