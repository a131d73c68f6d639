-- The visits and user sessions of each depth.
--
-- grain: a depth
-- reads: window_sessions
-- stored: table
-- columns:
--   depth          BIGINT         depth of the begin
--   visits         HUGEINT        number of visits
--   user_sessions  HUGEINT        number of sessions that are long or in which a tool was started
--   seconds        DECIMAL(38,0)  s, the duration of the latter; NULL if there are none

SELECT depth, sum(visits) AS visits, sum(user_sessions) AS user_sessions, sum(seconds) AS seconds
FROM window_sessions
GROUP BY depth
