-- Files that share ids with an earlier one (spec 65 §11).
--
-- grain: a table
-- reads: file_ranges
-- columns:
--   subject  VARCHAR  table
--   key      VARCHAR  table
--   text     VARCHAR  what was found
--   command  VARCHAR  empty: a person has to look

SELECT
    source AS subject,
    source AS key,
    format('{} files share ids with an earlier one', count(*)) AS text,
    '' AS command
FROM file_ranges
WHERE origin = 'importer' AND first_id <= greatest(coalesce(imported_id, 0), 0)
GROUP BY source
ORDER BY source = 'userlogin'
