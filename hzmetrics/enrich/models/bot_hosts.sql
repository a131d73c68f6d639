-- The hosts of the checked rows that a `host` filter matches as a whole, in the manner of LIKE: `%` is any text, `_`
-- any one character, a backslash quotes the next character, and at the end of a filter stands for itself (spec 20 §6).
--
-- grain: a host
-- reads: filters, checked_rows
-- stored: table
-- columns:
--   host  VARCHAR  host as it is stored

WITH patterns AS (
    SELECT DISTINCT
        fold_like(filter) || CASE WHEN regexp_matches(filter, '(^|[^\\])(\\\\)*\\$') THEN '\' ELSE '' END AS pattern
    FROM filters WHERE fold(type) = 'HOST'
)
SELECT host
FROM (SELECT DISTINCT host, fold_like(host) AS name FROM checked_rows WHERE host IS NOT NULL) AS hosts
WHERE EXISTS (FROM patterns WHERE hosts.name LIKE patterns.pattern ESCAPE '\')
