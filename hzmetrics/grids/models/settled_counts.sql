-- How many visitors of the settled years are not counted with the later ones.
--
-- grain: a row of settled_visitors
-- reads: settled_visitors
-- columns:
--   kind      VARCHAR  visit, interactive, download or any
--   colid     INTEGER  column of the grid
--   depth     BIGINT   depth of the latest session
--   hidden    BIGINT   depth down to which the visitors are hidden
--   visitors  BIGINT   number of visitors; those that are counted with the later ones are taken off

SELECT kind, colid, depth, hidden, sign * visitors AS visitors FROM settled_visitors
