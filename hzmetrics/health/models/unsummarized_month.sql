-- Months with requests that were never summarized (spec 65 §11).
--
-- grain: a month
-- reads: row_counts, summarized_months
-- columns:
--   subject  VARCHAR  table
--   key      VARCHAR  month
--   text     VARCHAR  what was found
--   command  VARCHAR  what repairs it

SELECT
    'summary_user_vals' AS subject,
    month AS key,
    'the month has requests, but no cells' AS text,
    'summarize-month ' || month AS command
FROM row_counts
ANTI JOIN summarized_months USING (month)
WHERE source = 'web'
ORDER BY month
