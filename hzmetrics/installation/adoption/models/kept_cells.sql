-- Of each doubled cell the row that stands last in the table: the one that readers saw.
--
-- grain: a cell
-- reads: doubled_cells
-- columns:
--   place     BIGINT   place of the row in the table, from 0
--   rowid     BIGINT   row of the grid
--   colid     BIGINT   column of the grid
--   datetime  VARCHAR  month
--   period    BIGINT   code of the period
--   value     VARCHAR  value, as text
--   valfmt    BIGINT   format of the value

SELECT * EXCLUDE (latest)
FROM (
    SELECT *, max(place) OVER (PARTITION BY rowid, colid, datetime, period) AS latest
    FROM doubled_cells
)
WHERE place = latest
