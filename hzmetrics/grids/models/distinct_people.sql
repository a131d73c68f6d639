-- How many people are in rows 6, 7 and 8 together, each counted once: what correction `distinct-total` counts in row 1.
--
-- grain: a column and depths
-- reads: registered_users, unregistered_visitors
-- columns:
--   colid   INTEGER  column of the grid
--   depth   BIGINT   depth of the latest login or session
--   hidden  BIGINT   depth down to which the people are hidden
--   people  BIGINT   number of registered users and unregistered visitors

SELECT colid, depth, hidden, count(*) AS people
FROM (
    SELECT colid, max(depth) AS depth, 0 AS hidden FROM registered_users GROUP BY colid, who
    UNION ALL
    SELECT colid, max(depth), max(hidden) FROM unregistered_visitors GROUP BY colid, who
)
GROUP BY colid, depth, hidden
