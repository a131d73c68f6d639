-- Everybody in rows 6, 7 and 8: what correction `distinct-total` counts in row 1.
--
-- grain: a column and person
-- reads: registered_users, unregistered_visitors
-- columns:
--   colid   INTEGER  column of the grid
--   who     VARCHAR  `user ` or `guest `, then the folded user name or visitor
--   depth   BIGINT   depth of the latest login or session
--   hidden  BIGINT   depth down to which the person is hidden

SELECT colid, who, max(depth) AS depth, max(hidden) AS hidden
FROM (
    SELECT colid, 'user ' || who AS who, depth, 0 AS hidden FROM registered_users
    UNION ALL
    SELECT colid, 'guest ' || who, depth, hidden FROM unregistered_visitors
)
GROUP BY colid, who
