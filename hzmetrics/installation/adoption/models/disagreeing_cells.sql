-- The other rows of doubled cells, where they say something else than the one that is kept. Equal rows are one.
--
-- grain: a value of a cell
-- reads: doubled_cells, kept_cells
-- columns:
--   rowid     BIGINT   row of the grid
--   colid     BIGINT   column of the grid
--   datetime  VARCHAR  month
--   period    BIGINT   code of the period
--   value     VARCHAR  value, as text
--   valfmt    BIGINT   format of the value

SELECT DISTINCT d.* EXCLUDE (place)
FROM doubled_cells AS d
JOIN kept_cells AS k USING (rowid, colid, datetime, period)
WHERE d.value IS DISTINCT FROM k.value OR d.valfmt IS DISTINCT FROM k.valfmt
