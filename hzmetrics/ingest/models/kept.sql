-- The rows of `web` (spec 10 §5.1), in file order; the id is missing.
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
JOIN judged USING (number)
WHERE dropped_by IS NULL
ORDER BY number
