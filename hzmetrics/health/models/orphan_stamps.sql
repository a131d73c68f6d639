-- Rows that name a session which does not exist (spec 65 §11).
--
-- grain: a table and month
-- reads: orphan_counts
-- columns:
--   subject  VARCHAR  table
--   key      VARCHAR  month
--   text     VARCHAR  what was found
--   command  VARCHAR  what repairs it

SELECT
    source AS subject,
    month AS key,
    format('{:,} rows name a session that does not exist', row_count) AS text,
    'mark-dirty ' || month AS command
FROM orphan_counts
ORDER BY source = 'toolstart', month
