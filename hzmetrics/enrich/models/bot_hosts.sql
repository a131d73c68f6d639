-- The hosts of `candidates` that a `host` filter matches as a whole, in the manner of LIKE: `%` is any text, `_` any
-- one character, a backslash quotes the next one, and at the end of a filter stands for itself.
-- materialised
WITH patterns AS (
    SELECT DISTINCT
        fold_like(filter) || CASE WHEN regexp_matches(filter, '(^|[^\\])(\\\\)*\\$') THEN '\' ELSE '' END AS pattern
    FROM filters WHERE fold(type) = 'HOST'
)
SELECT host
FROM (SELECT DISTINCT host, fold_like(host) AS name FROM candidates WHERE host IS NOT NULL) AS hosts
WHERE EXISTS (FROM patterns WHERE hosts.name LIKE patterns.pattern ESCAPE '\')
