-- The rows of resource_stats, one for every period of every root that has a pattern (spec 40 §7). All windows start
-- with a month and stop at the same instant, so a visitor is in those that start no later than the month of the last visit.
-- The visitors of the widest window are known; those of the others are in fewer months.
--
-- grain: a root and period
-- reads: roots, run, windows, exact_patterns, prefix_patterns, visitors, all_visitors
-- columns:
--   resid     BIGINT   number of the root
--   restype   BIGINT   code of its type
--   datetime  VARCHAR  time under which the row is stored
--   period    BIGINT   code of the period
--   users     BIGINT   visitors

WITH last_visits AS (
    SELECT root, month, count(*) AS visitors
    FROM (SELECT root, visitor, max(month) AS month FROM visitors GROUP BY root, visitor)
    GROUP BY root, month
),
widest AS (SELECT period FROM windows ORDER BY start LIMIT 1),
counts AS (
    SELECT root, period, sum(visitors) AS visitors
    FROM last_visits
    JOIN (FROM windows ANTI JOIN widest USING (period)) AS windows ON month >= left(start, 7)
    GROUP BY root, period
    UNION ALL
    SELECT root, period, visitors
    FROM (SELECT root, count(*) AS visitors FROM all_visitors GROUP BY root)
    CROSS JOIN widest
)
SELECT
    roots.root AS resid, roots.restype, run.datetime, windows.period, coalesce(visitors, 0)::BIGINT AS users
FROM roots
SEMI JOIN (SELECT root FROM exact_patterns UNION SELECT root FROM prefix_patterns) AS patterned USING (root)
CROSS JOIN windows
CROSS JOIN run
LEFT JOIN counts USING (root, period)
