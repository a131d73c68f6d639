-- How many visitors and domains the sessions have: misc rows 4 and 1.
--
-- grain: a row of the grid and depth
-- reads: window_sessions
-- stored: table
-- columns:
--   rowid   INTEGER  row of the grid: 1 domains, 4 visitors
--   depth   BIGINT   depth of the latest session
--   amount  BIGINT   number of visitors or domains

SELECT 4 AS rowid, depth, count(*) AS amount
FROM (SELECT max(depth) AS depth FROM window_sessions WHERE visitor IS NOT NULL AND visits > 0 GROUP BY visitor)
GROUP BY depth
UNION ALL
SELECT 1, depth, count(*)
FROM (SELECT max(depth) AS depth FROM window_sessions WHERE domain IS NOT NULL GROUP BY domain)
GROUP BY depth
