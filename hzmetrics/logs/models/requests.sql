-- The requests of a chunk, in the fields that all formats have. What only a hub writes is empty elsewhere.
--
-- grain: a request
-- reads: peers, other_requests, hub_requests
-- variables: reads_ipv6 BOOLEAN, zone_minutes VARCHAR[], zone_names VARCHAR[]
-- columns:
--   number            BIGINT     place of the line in the log
--   format            VARCHAR    name of the format
--   day               VARCHAR    YYYY-MM-DD
--   datetime          VARCHAR    wall-clock time of the hub; NULL if there is no such time
--   zone              VARCHAR    zone, as a hub logs it; empty elsewhere
--   instant           TIMESTAMP  time in UTC; NULL if its zone is not known
--   method            VARCHAR    method; empty if the request is none
--   target            VARCHAR    URL, as logged
--   url               VARCHAR    URL with every run of slashes as one
--   protocol          VARCHAR    protocol
--   status            VARCHAR    status
--   size              VARCHAR    bytes
--   address           VARCHAR    client
--   referrer          VARCHAR    referrer; NULL if the format has none
--   agent             VARCHAR    user agent; NULL if the format has none
--   user              VARCHAR    user
--   duration          DOUBLE     s
--   host              VARCHAR    virtual host
--   uid               VARCHAR    number of the account
--   apache_pid        VARCHAR    process of the server
--   joomla_sessionid  VARCHAR    session of the CMS
--   site_cookie       VARCHAR    cookie of the site
--   auth_type         VARCHAR    kind of authentication
--   component_name    VARCHAR    component of the CMS
--   view_name         VARCHAR    its view
--   task_name         VARCHAR    its task
--   action_name       VARCHAR    its action
--   item_name         VARCHAR    its item

SELECT
    number,
    format,
    datetime[1:10] AS day,
    datetime,
    '' AS "zone",
    instant,
    method,
    target,
    collapsed(target) AS url,
    protocol,
    status,
    size,
    peers.address,
    referrer,
    agent,
    "user",
    duration,
    host,
    '' AS uid,
    '' AS apache_pid,
    '' AS joomla_sessionid,
    '' AS site_cookie,
    '' AS auth_type,
    '' AS component_name,
    '' AS view_name,
    '' AS task_name,
    '' AS action_name,
    '' AS item_name
FROM other_requests
JOIN peers USING (peer)
WHERE peers.address IS NOT NULL
UNION ALL BY NAME
SELECT
    * EXCLUDE (logged_time),
    hub_instant(logged_time, "zone") AS instant
FROM hub_requests
WHERE getvariable('reads_ipv6') OR NOT contains(address, ':')
