-- Which successful tool starts belong to which session (spec 30 §7): same address or same host, not before the session
-- begins and within 1799 seconds of its last request. A tool start may belong to several sessions.
-- Many sessions and tool starts can share a host, `?` above all; to keep the pairs few, they must also meet in an
-- hour. A session looks into one hour more than it needs, for days on which the clocks are changed.
--
-- grain: a session and tool start
-- reads: sessions, tool_starts
-- stored: table
-- columns:
--   number  BIGINT  number of the session
--   id      BIGINT  number of the tool start

WITH
keys AS (
    SELECT number, 'ip' AS kind, fold(ip) AS value FROM sessions WHERE ip <> ''
    UNION ALL
    SELECT number, 'host', fold(host) FROM sessions WHERE host <> ''
),
starts AS (
    SELECT id, datetime, t, t // 3600 AS hour, 'ip' AS kind, fold(ip) AS value FROM tool_starts
    UNION ALL
    SELECT id, datetime, t, t // 3600, 'host', fold(host) FROM tool_starts
),
hours AS (
    SELECT number, kind, value, datetime, last_t,
        unnest(range(first_t // 3600 - 1, (last_t + 1799) // 3600 + 1)) AS hour
    FROM keys SEMI JOIN starts USING (kind, value) JOIN sessions USING (number)
)
SELECT DISTINCT h.number, s.id
FROM hours AS h
JOIN starts AS s USING (kind, value, hour)
WHERE s.datetime >= h.datetime AND s.t <= h.last_t + 1799
