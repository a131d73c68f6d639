-- What counts of each request of a month: the path without the query, the host of the referrer, the agent, the country.
--
-- grain: a request
-- reads: requests
-- variables: pseudonym_key
-- stored: table
-- columns:
--   month          VARCHAR    YYYY-MM
--   time           TIMESTAMP  time on the clock of the site; NULL if there is no such time
--   address        UUID       identity of the address
--   path           VARCHAR    path
--   referrer       VARCHAR    host of the referrer, or `no referrer`; empty if it is no host, NULL if it is the site itself
--   referrer_path  VARCHAR    path of the referrer
--   country        VARCHAR    country of the address; empty if not known
--   agent          VARCHAR    user agent

SELECT
    datetime[1:7] AS month,
    TRY_CAST(datetime AS TIMESTAMP) AS time,
    identity(address_of(ip, host)) AS address,
    path_of(content) AS path,
    CASE
        WHEN trim(coalesce(referrer, '')) IN ('', '-') THEN 'no referrer'
        WHEN starts_with(referrer, '/') THEN NULL
        ELSE host_of(referrer)
    END AS referrer,
    path_of(referrer) AS referrer_path,
    CASE WHEN is_no_country(ipcountry) OR ipcountry IN ('-', '?') THEN '' ELSE coalesce(upper(ipcountry), '') END AS country,
    coalesce(useragent, '') AS agent
FROM requests
