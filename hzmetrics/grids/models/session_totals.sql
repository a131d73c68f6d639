-- The visits and user sessions of each depth.
--
-- grain: a depth
-- reads: window_sessions, settled_totals
-- stored: table
-- columns:
--   depth          BIGINT         depth of the begin
--   visits         BIGINT         number of visits
--   user_sessions  BIGINT         number of sessions that are long or in which a tool was started
--   seconds        DECIMAL(38,0)  s, the duration of the latter; NULL if there are none

SELECT
    depth, sum(visits)::BIGINT AS visits, sum(user_sessions)::BIGINT AS user_sessions,
    sum(seconds)::DECIMAL(38, 0) AS seconds
FROM (
    SELECT depth, visits, user_sessions, seconds FROM window_sessions
    UNION ALL
    SELECT depth, sign * visits, sign * user_sessions, sign * seconds FROM settled_totals
)
GROUP BY depth
