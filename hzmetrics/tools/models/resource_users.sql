-- The rows of resource_stats, one for every period of every root that has a pattern (spec 40 §7). All windows start
-- with a month and stop at the same instant, so a visitor is in those that start no later than the month of the last visit.
--
-- grain: a root and period
-- reads: roots, run, windows, exact_patterns, prefix_patterns, visitors
-- columns:
--   resid     BIGINT   number of the root
--   restype   BIGINT   code of its type
--   datetime  VARCHAR  time under which the row is stored
--   period    BIGINT   code of the period
--   users     BIGINT   visitors

SELECT
    roots.root AS resid, roots.restype, run.datetime, windows.period,
    coalesce(sum(visitors) FILTER (month >= left(windows.start, 7)), 0)::BIGINT AS users
FROM roots
SEMI JOIN (SELECT root FROM exact_patterns UNION SELECT root FROM prefix_patterns) AS patterned USING (root)
CROSS JOIN windows
CROSS JOIN run
LEFT JOIN (
    SELECT root, month, count(*) AS visitors
    FROM (SELECT root, visitor, max(month) AS month FROM visitors GROUP BY root, visitor)
    GROUP BY root, month
) AS visited USING (root)
GROUP BY roots.root, roots.restype, run.datetime, windows.period
