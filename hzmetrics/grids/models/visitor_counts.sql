-- How many unregistered visitors there are: the sets are large, and what the cells need of them is small.
--
-- grain: a kind of session, column and depths
-- reads: unregistered_visitors
-- stored: table
-- columns:
--   kind      VARCHAR  interactive or download
--   colid     INTEGER  column of the grid
--   depth     BIGINT   depth of the latest session
--   hidden    BIGINT   depth down to which the visitors are hidden
--   visitors  BIGINT   number of visitors

SELECT kind, colid, depth, hidden, count(*) AS visitors
FROM unregistered_visitors
GROUP BY kind, colid, depth, hidden
