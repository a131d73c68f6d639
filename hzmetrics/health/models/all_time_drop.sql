-- Months whose number of users of all time is smaller than the stored one before it: it cannot fall (spec 65 §11).
--
-- grain: a month
-- reads: stored_cells, scope
-- columns:
--   subject  VARCHAR  table
--   key      VARCHAR  month
--   text     VARCHAR  what was found
--   command  VARCHAR  what repairs it

WITH totals AS (
    SELECT grid, month, CAST(value AS BIGINT) AS users, lag(users) OVER (ORDER BY month) AS before
    FROM stored_cells
    CROSS JOIN scope
    WHERE grid = 'summary_user_vals' AND period = 14 AND rowid = 1 AND colid = 1 AND value IS NOT NULL
        AND month > first_month
)
SELECT
    grid AS subject,
    month AS key,
    format('{:,} users of all time, fewer than the {:,} before', users, before) AS text,
    'summarize-month ' || month AS command
FROM totals
WHERE users < before
ORDER BY month
