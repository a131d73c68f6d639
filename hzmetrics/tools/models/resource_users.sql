-- The rows of resource_stats, one for every period of every root that has a pattern (spec 40 §7). All windows stop at
-- the same instant, so a visitor is in those that start no later than the last visit.
--
-- grain: a root and period
-- reads: roots, run, windows, exact_patterns, prefix_patterns, visitors
-- columns:
--   resid     BIGINT   number of the root
--   restype   BIGINT   code of its type
--   datetime  VARCHAR  time under which the row is stored
--   period    BIGINT   code of the period
--   users     BIGINT   visitors

SELECT roots.root AS resid, roots.restype, run.datetime, windows.period, count(*) FILTER (latest >= windows.start) AS users
FROM roots
SEMI JOIN (SELECT root FROM exact_patterns UNION SELECT root FROM prefix_patterns) AS patterned USING (root)
CROSS JOIN windows
CROSS JOIN run
LEFT JOIN (SELECT root, visitor, max(latest) AS latest FROM visitors GROUP BY root, visitor) AS visitor USING (root)
GROUP BY roots.root, roots.restype, run.datetime, windows.period
