-- The rows of resource_stats, one for every period of every root that has a pattern (spec 40 §7). All windows start
-- with a month and stop at the same instant, so a visitor is in those that start no later than the month of a visit, and
-- is counted in the first month of it. The widest window has all visitors.
--
-- grain: a root and period
-- reads: roots, run, windows, exact_patterns, prefix_patterns, counted_visits, counted_visitors
-- columns:
--   resid     BIGINT   number of the root
--   restype   BIGINT   code of its type
--   datetime  VARCHAR  time under which the row is stored
--   period    BIGINT   code of the period
--   users     BIGINT   visitors

WITH widest AS (SELECT period FROM windows ORDER BY start LIMIT 1),
counts AS (
    SELECT root, period, sum(visitors) AS visitors
    FROM counted_visits
    JOIN (SELECT period, left(start, 7) AS first FROM windows ANTI JOIN widest USING (period)) AS narrower
        ON month >= first AND (before IS NULL OR before < first)
    GROUP BY root, period
    UNION ALL
    SELECT root, period, sum(visitors) AS visitors
    FROM counted_visitors
    CROSS JOIN widest
    GROUP BY root, period
)
SELECT
    roots.root AS resid, roots.restype, run.datetime, windows.period, coalesce(visitors, 0)::BIGINT AS users
FROM roots
SEMI JOIN (SELECT root FROM exact_patterns UNION SELECT root FROM prefix_patterns) AS patterned USING (root)
CROSS JOIN windows
CROSS JOIN run
LEFT JOIN counts USING (root, period)
