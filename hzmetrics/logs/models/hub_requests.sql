-- The requests of a hub's access log, in the fields that all formats have.
--
-- grain: a request
-- reads: hub_calls
-- variables: hub_zone
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
    'hub' AS format,
    "day",
    datetime,
    "zone",
    hub_instant(logged_time, "zone") AS instant,
    method,
    target,
    url,
    protocol,
    status,
    size,
    address,
    referrer,
    agent,
    '' AS "user",
    NULL::DOUBLE AS duration,
    '' AS host,
    uid,
    apache_pid,
    joomla_sessionid,
    site_cookie,
    auth_type,
    component_name,
    view_name,
    task_name,
    action_name,
    item_name
FROM hub_calls
