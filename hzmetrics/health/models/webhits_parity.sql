-- Months whose hits are not as many as their requests (spec 65 §11).
--
-- grain: a month
-- reads: row_counts, hit_counts
-- columns:
--   subject  VARCHAR  table
--   key      VARCHAR  month
--   text     VARCHAR  what was found
--   command  VARCHAR  what repairs it

SELECT
    'webhits' AS subject,
    month AS key,
    format('{:,} hits, but {:,} requests', coalesce(audited, 0), row_count) AS text,
    'rebuild-webhits --month ' || month AS command
FROM row_counts
LEFT JOIN hit_counts USING (month)
WHERE source = 'web' AND coalesce(audited, 0) <> row_count
ORDER BY month
