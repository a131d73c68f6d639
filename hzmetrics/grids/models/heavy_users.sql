-- The persons whose tool sessions used at least 600 CPU seconds in a window.
--
-- grain: a user
-- reads: tool_sessions, periods
-- columns:
--   who    VARCHAR  folded user name
--   depth  BIGINT   depth of the shortest such window

SELECT who, max(depth) AS depth
FROM (
    SELECT s.who, p.depth
    FROM tool_sessions AS s
    JOIN (SELECT DISTINCT depth FROM periods) AS p ON s.depth >= p.depth
    WHERE s.by_person
    GROUP BY s.who, p.depth
    HAVING sum(s.cputime ORDER BY s.sessnum) >= 600
)
GROUP BY who
