-- Each cell over all months.
--
-- grain: a cell, without its month
-- reads: cells, months
-- columns:
--   grid    VARCHAR    user, simusage or misc
--   rowid   BIGINT     row of the grid
--   colid   BIGINT     column of the grid
--   period  BIGINT     code of the period
--   vals    VARCHAR[]  value in each of the months, in their order; NULL where there is none

SELECT k.grid, k.rowid, k.colid, k.period, list(c.value ORDER BY m.month) AS vals
FROM (SELECT DISTINCT grid, rowid, colid, period FROM cells) AS k
CROSS JOIN months AS m
LEFT JOIN (SELECT grid, rowid, colid, period, month, max(value) AS value FROM cells GROUP BY ALL) AS c
    ON c.grid = k.grid AND c.rowid = k.rowid AND c.colid = k.colid AND c.period = k.period AND c.month = m.month
GROUP BY ALL
