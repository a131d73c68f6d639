-- hub_people: every account of the hub but the ignored, once, with its latest activity: of a web session or a running tool
-- session (`moments`), in a followed log, at the start or end of a tool session. Names are compared as the hub does (spec 80 §4).
WITH latest AS (
    SELECT fold(name) AS name, max(time) AS time
    FROM (
        FROM moments
        UNION ALL SELECT username, epoch(time::TIMESTAMP)::BIGINT FROM log_events
        UNION ALL SELECT username, trunc(time)::BIGINT FROM tool_sessions
    )
    GROUP BY ALL
), running AS (
    SELECT fold(name) AS name, max(time_left) AS time_left FROM live GROUP BY ALL
)
SELECT DISTINCT ON (username)
    username,
    coalesce(block = 0 AND approved > 0, false)::BIGINT AS is_authorized,
    (running.name IS NOT NULL)::BIGINT AS server_active,
    latest.time AS last_activity,
    running.time_left AS time_remaining_seconds,
    NULL::DOUBLE AS cpu_percent,
    NULL::DOUBLE AS memory_mb,
    NULL::DOUBLE AS memory_percent
FROM accounts
LEFT JOIN latest ON latest.name = fold(username)
LEFT JOIN running ON running.name = fold(username)
WHERE username <> '' AND fold(username) NOT IN (SELECT fold(name) FROM ignored)
ORDER BY username
