-- Tables whose next id is not above the largest one (spec 65 §11).
--
-- grain: a table
-- reads: next_ids
-- columns:
--   subject  VARCHAR  table
--   key      VARCHAR  table
--   text     VARCHAR  what was found
--   command  VARCHAR  empty: a person has to look

SELECT
    source AS subject,
    source AS key,
    format('the next id would be {}, but the largest is {}', following, largest) AS text,
    '' AS command
FROM next_ids
WHERE following <= largest
ORDER BY list_position(['web', 'userlogin', 'imported_sources'], source)
