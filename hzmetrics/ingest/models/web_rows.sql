-- The rows of web that a chunk adds (spec 10 §5.1), in file order and without ids.
--
-- grain: a kept request
-- reads: requests, filtered_requests
-- columns:
--   datetime          VARCHAR  time
--   content           VARCHAR  URL
--   referrer          VARCHAR  referrer; empty if there is none
--   useragent         VARCHAR  user agent; empty if there is none
--   ip                VARCHAR  address
--   uidNumber         BIGINT   number of the account
--   apache_pid        VARCHAR  process of the server
--   joomla_sessionid  VARCHAR  session of the CMS
--   site_cookie       VARCHAR  cookie of the site
--   auth_type         VARCHAR  kind of authentication
--   component_name    VARCHAR  component of the CMS
--   view_name         VARCHAR  its view
--   task_name         VARCHAR  its task
--   action_name       VARCHAR  its action
--   item_name         VARCHAR  its item
--   dnload            BIGINT   1 if it is a download

SELECT
    datetime,
    url AS content,
    coalesce(referrer, '') AS referrer,
    coalesce(agent, '') AS useragent,
    ip,
    whole_number(uid, -2147483648, 2147483647) AS "uidNumber",
    apache_pid,
    joomla_sessionid,
    site_cookie,
    auth_type,
    component_name,
    view_name,
    task_name,
    action_name,
    item_name,
    is_download::BIGINT AS dnload
FROM requests
JOIN filtered_requests USING (number)
WHERE dropped_by IS NULL
ORDER BY number
