-- Simulation users: who ran a tool, in column 1, and in columns 2-11 by what any of the runs says (spec 50 §8, row 2).
--
-- grain: a column and user
-- reads: runs, person_columns
-- columns:
--   colid  INTEGER  column of the grid
--   who    VARCHAR  folded user name
--   depth  BIGINT   depth of the latest run

SELECT colid, who, max(depth) AS depth
FROM (
    SELECT 1 AS colid, who, depth FROM runs
    UNION ALL
    SELECT c.colid, r.who, r.depth
    FROM runs AS r
    JOIN person_columns AS c ON c.country = r.country AND c.orgtype = r.orgtype
)
WHERE who IS NOT NULL AND depth > 0
GROUP BY colid, who
