-- Files whose range does not hold as many ids as they had rows. Not of logins: duplicates that were left out leave
-- gaps in their ranges (spec 65 §11).
--
-- grain: a table
-- reads: file_ranges
-- columns:
--   subject  VARCHAR  table
--   key      VARCHAR  table
--   text     VARCHAR  what was found
--   command  VARCHAR  what repairs it

SELECT
    source AS subject,
    source AS key,
    format('{} files whose range does not hold as many ids as they had rows', count(*)) AS text,
    'repair-imported-sources --apply' AS command
FROM file_ranges
WHERE source = 'web' AND origin = 'importer' AND last_id - first_id + 1 <> row_count
GROUP BY source
