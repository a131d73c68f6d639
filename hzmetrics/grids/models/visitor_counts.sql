-- How many visitors there are, of one part of the visitors: the sets are large, and what the cells need of them is small.
-- Kind `any` has the unregistered visitors of both kinds of session, each counted once in a column.
--
-- grain: a kind, column and depths
-- reads: visitor_groups, unregistered_visitors
-- columns:
--   kind      VARCHAR  visit, interactive, download or any
--   colid     INTEGER  column of the grid
--   depth     BIGINT   depth of the latest session
--   hidden    BIGINT   depth down to which the visitors are hidden
--   visitors  BIGINT   number of visitors

SELECT kind, colid, depth, hidden, sum(visitors)::BIGINT AS visitors
FROM (
    SELECT kind, colid, depth, hidden, visitors FROM unregistered_visitors
    UNION ALL
    SELECT 'any', colid, max(depth), max(hidden), max(visitors) FROM unregistered_visitors GROUP BY colid, number
    UNION ALL
    SELECT 'visit', 1, max(visit), 0, max(visitors) FROM visitor_groups WHERE visit > 0 GROUP BY number
)
GROUP BY kind, colid, depth, hidden
