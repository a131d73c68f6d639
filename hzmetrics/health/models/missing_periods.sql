-- Months of which a grid has some periods, but not all (spec 65 §11).
--
-- grain: a month
-- reads: incomplete_months, scope
-- columns:
--   subject  VARCHAR  table
--   key      VARCHAR  month
--   text     VARCHAR  what was found
--   command  VARCHAR  what repairs it

SELECT
    'summary_user_vals' AS subject,
    month AS key,
    'a grid has cells of some periods, not of all' AS text,
    'summarize-month ' || month AS command
FROM incomplete_months
CROSS JOIN scope
WHERE month >= first_month
ORDER BY month
