-- What the sets of `cell_members` add up to. A cell without members has no row.
--
-- grain: a cell with members
-- reads: cell_members, periods, layout
-- stored: table
-- columns:
--   grid     VARCHAR  user, simusage or misc
--   rowid    INTEGER  row of the grid
--   colid    BIGINT   column of the grid
--   period   BIGINT   code of the period
--   amount   HUGEINT  sum of the amounts

SELECT c.grid, c.rowid, c.colid, p.period, sum(c.amount)::HUGEINT AS amount
FROM (SELECT grid, rowid, colid, depth, hidden, sum(amount) AS amount FROM cell_members GROUP BY ALL) AS c
JOIN periods AS p ON c.depth >= p.depth AND c.hidden < p.depth
JOIN layout AS l ON l.grid = c.grid AND l.rowid = c.rowid AND l.colid = c.colid
GROUP BY c.grid, c.rowid, c.colid, p.period
