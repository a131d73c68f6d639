-- Logins that were entered into the ledger later and whose range no longer holds the number of rows that it says (spec
-- 65 §11).
--
-- grain: the table userlogin
-- reads: file_ranges, range_counts
-- columns:
--   subject  VARCHAR  table
--   key      VARCHAR  table
--   text     VARCHAR  what was found
--   command  VARCHAR  what repairs it

SELECT
    source AS subject,
    source AS key,
    format('{} files whose range does not hold their number of rows', count(*)) AS text,
    'reconstruct-imported-sources --apply --target userlogin' AS command
FROM file_ranges
JOIN range_counts USING (source, first_id, last_id)
WHERE source = 'userlogin' AND origin = 'reconstruct' AND range_counts.row_count <> file_ranges.row_count
GROUP BY source
