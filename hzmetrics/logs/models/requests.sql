-- Every request of a chunk, in the fields that all formats have. What only a hub writes is empty elsewhere; a referrer or an
-- agent is NULL where the format has none.
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
FROM asked
JOIN peers USING (peer)
WHERE peers.address IS NOT NULL
UNION ALL BY NAME
SELECT
    * EXCLUDE (logged_time),
    hub_instant(logged_time, "zone") AS instant
FROM hub_requests
WHERE getvariable('reads_ipv6') OR NOT contains(address, ':')
