-- The accounts of the hub without the ignored ones, each with its latest activity: of a web session or a running tool
-- session, in a followed log, or at the start or end of a tool session. Names are compared as the hub does (spec 80 §4).
--
-- grain: an account
-- reads: accounts, accesses, log_events, tool_sessions, running, ignored
-- columns:
--   username                VARCHAR  login name
--   is_authorized           BIGINT   1 if the account is approved and not blocked
--   server_active           BIGINT   1 if a tool session runs
--   last_activity           BIGINT   s, Unix time; NULL if none is known
--   time_remaining_seconds  BIGINT   s, until the last tool session times out; NULL if not known
--   cpu_percent             DOUBLE   NULL: the hub does not say
--   memory_mb               DOUBLE   NULL: the hub does not say
--   memory_percent          DOUBLE   NULL: the hub does not say

WITH latest AS (
    SELECT fold(username) AS name, max(time) AS time
    FROM (
        FROM accesses
        UNION ALL SELECT username, epoch(time::TIMESTAMP)::BIGINT FROM log_events
        UNION ALL SELECT username, trunc(time)::BIGINT FROM tool_sessions
    )
    GROUP BY ALL
), sessions_left AS (
    SELECT fold(username) AS name, max(time_left) AS time_left FROM running GROUP BY ALL
)
SELECT DISTINCT ON (username)
    username,
    coalesce(block = 0 AND approved > 0, false)::BIGINT AS is_authorized,
    (sessions_left.name IS NOT NULL)::BIGINT AS server_active,
    latest.time AS last_activity,
    sessions_left.time_left AS time_remaining_seconds,
    NULL::DOUBLE AS cpu_percent,
    NULL::DOUBLE AS memory_mb,
    NULL::DOUBLE AS memory_percent
FROM accounts
LEFT JOIN latest ON latest.name = fold(username)
LEFT JOIN sessions_left ON sessions_left.name = fold(username)
WHERE username <> '' AND fold(username) NOT IN (SELECT fold(username) FROM ignored)
ORDER BY username
