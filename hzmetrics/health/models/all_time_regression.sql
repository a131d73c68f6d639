-- Months with sums over all time that are smaller than those of the month before. Averages may fall (spec 65 §11).
--
-- grain: a grid and month
-- reads: stored_cells, scope
-- columns:
--   subject  VARCHAR  table
--   key      VARCHAR  month
--   text     VARCHAR  what was found
--   command  VARCHAR  empty: a person has to look

WITH sums AS (
    SELECT grid, rowid, colid, month, max(TRY_CAST(trunc(TRY_CAST(value AS DOUBLE)) AS BIGINT)) AS total
    FROM stored_cells
    CROSS JOIN scope
    WHERE period = 14 AND month > first_month AND (
        (grid = 'summary_misc_vals' AND rowid IN (1, 2, 3, 4, 5, 6, 8))
        OR (grid = 'summary_simusage_vals' AND rowid IN (1, 2, 3, 4, 5, 6, 9, 10))
    )
    GROUP BY grid, rowid, colid, month
)
SELECT
    later.grid AS subject,
    later.month AS key,
    'all-time cells (row/column) smaller than the month before: '
        || string_agg(format('{}/{}', rowid, colid), ', ' ORDER BY rowid, colid) AS text,
    '' AS command
FROM sums AS later
JOIN sums AS earlier USING (grid, rowid, colid)
WHERE CAST(later.month || '-01' AS DATE) = CAST(earlier.month || '-01' AS DATE) + INTERVAL 1 MONTH
    AND later.total < earlier.total
GROUP BY later.grid, later.month
ORDER BY later.grid, later.month
