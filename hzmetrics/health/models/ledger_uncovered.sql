-- Rows that no file of the ledger brought (spec 65 §11).
--
-- grain: a table
-- reads: id_ranges, range_counts
-- columns:
--   subject  VARCHAR  table
--   key      VARCHAR  table
--   text     VARCHAR  what was found
--   command  VARCHAR  what repairs it

SELECT
    source AS subject,
    source AS key,
    format('{:,} rows belong to no file', CAST(sum(range_counts.row_count) AS BIGINT)) AS text,
    'reconstruct-imported-sources --apply' AS command
FROM id_ranges
JOIN range_counts USING (source, first_id)
WHERE id_ranges.row_count = 0 AND range_counts.last_id IS NOT DISTINCT FROM id_ranges.last_id
GROUP BY source
HAVING sum(range_counts.row_count) > 0
ORDER BY source = 'userlogin'
