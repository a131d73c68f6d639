-- The moments of the sessions, each with its depth.
--
-- grain: a moment
-- reads: grouped_sessions, windows
-- corrections: window-start
-- stored: table
-- columns:
--   moment  VARCHAR  what the windows see of a time
--   depth   BIGINT   depth of the moment

SELECT moment, depth(moment) AS depth
FROM (
    SELECT DISTINCT begun AS moment FROM grouped_sessions
    UNION
    SELECT DISTINCT downloaded FROM grouped_sessions WHERE downloaded IS NOT NULL
)
