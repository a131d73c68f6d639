-- materialised
-- Which session claims which successful tool start (spec 30 §7): same address or same host, not before the session begins
-- and within 1799 seconds of its last request. A tool start may be claimed by several sessions.
-- A host that many share, `?` above all, would pair all its sessions with all its tool starts: so they must also meet in
-- an hour, and a session looks into one more than it needs, for days on which the clocks are changed.
WITH
keys AS (
    SELECT number, 'ip' AS kind, fold(ip) AS value FROM visits WHERE ip <> ''
    UNION ALL
    SELECT number, 'host', fold(host) FROM visits WHERE host <> ''
),
starts AS (
    SELECT id, datetime, t, t // 3600 AS hour, 'ip' AS kind, fold(ip) AS value FROM tool_starts
    UNION ALL
    SELECT id, datetime, t, t // 3600, 'host', fold(host) FROM tool_starts
),
hours AS (
    SELECT number, kind, value, datetime, last_t,
        unnest(range(first_t // 3600 - 1, (last_t + 1799) // 3600 + 1)) AS hour
    FROM keys SEMI JOIN starts USING (kind, value) JOIN visits USING (number)
)
SELECT DISTINCT h.number, s.id
FROM hours AS h
JOIN starts AS s USING (kind, value, hour)
WHERE s.datetime >= h.datetime AND s.t <= h.last_t + 1799
