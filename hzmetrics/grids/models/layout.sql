-- The cells of the three grids (spec 50 §3).
--
-- grain: a cell, without its period
-- reads: nothing
-- columns:
--   grid     VARCHAR  user, simusage or misc
--   rowid    INTEGER  row of the grid
--   colid    BIGINT   column of the grid
--   section  VARCHAR  the section that writes the cell
--   valfmt   INTEGER  how pages show its value

SELECT 'user' AS grid, r.rowid, c.colid, r.section, CASE WHEN c.colid IN (1, 2, 7) THEN 1 ELSE 2 END AS valfmt
FROM
    (VALUES (1, 'total'), (2, 'sim'), (3, 'int'), (4, 'dl'), (6, 'reg'), (7, 'int'), (8, 'dl')) AS r(rowid, section),
    (SELECT unnest(range(1, 12)) AS colid) AS c
UNION ALL
SELECT 'simusage', rowid, 1, 'sim-usage', valfmt
FROM (VALUES (1, 3), (2, 4), (3, 5), (4, 5), (5, 5), (6, 3), (7, 4), (8, 5), (9, 3), (10, 3)) AS r(rowid, valfmt)
UNION ALL
SELECT 'misc', rowid, 1, 'misc', valfmt
FROM (VALUES (1, 1), (2, 1), (3, 5), (4, 1), (5, 1), (6, 1), (7, 6), (8, 1)) AS r(rowid, valfmt)
