-- Months with totals of users that differ from the sum of their parts. With correction distinct-total they may (spec
-- 65 §11).
--
-- grain: a month
-- reads: stored_cells, scope
-- corrections: distinct-total
-- columns:
--   subject  VARCHAR  table
--   key      VARCHAR  month
--   text     VARCHAR  what was found
--   command  VARCHAR  what repairs it

WITH totals AS (
    SELECT
        month,
        coalesce(sum(CAST(value AS BIGINT)) FILTER (rowid = 1), 0) AS total,
        coalesce(sum(CAST(value AS BIGINT)) FILTER (rowid <> 1), 0) AS parts
    FROM stored_cells
    CROSS JOIN scope
    WHERE grid = 'summary_user_vals' AND rowid IN (1, 6, 7, 8) AND month > first_month
    GROUP BY month, period, colid, valfmt
)
SELECT
    'summary_user_vals' AS subject,
    month AS key,
    format('{} totals differ from the sum of their parts', count(*)) AS text,
    'summarize-month ' || month AS command
FROM totals
WHERE total <> 0 AND total <> parts AND NOT corrected('distinct-total')
GROUP BY month
ORDER BY month
