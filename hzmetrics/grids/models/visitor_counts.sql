-- How many unregistered visitors there are, of one part of the visitors: the sets are large, and what the cells need of
-- them is small.
--
-- grain: a kind of session, column and depths
-- reads: unregistered_visitors
-- variables: parts BIGINT, part BIGINT
-- columns:
--   kind      VARCHAR  interactive or download
--   colid     INTEGER  column of the grid
--   depth     BIGINT   depth of the latest session
--   hidden    BIGINT   depth down to which the visitors are hidden
--   visitors  BIGINT   number of visitors

SELECT kind, colid, depth, hidden, count(*) AS visitors
FROM unregistered_visitors
WHERE hash(who) % getvariable('parts')::UBIGINT = getvariable('part')::UBIGINT
GROUP BY kind, colid, depth, hidden
