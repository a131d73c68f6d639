-- prefix_patterns(head, pattern, root): how the URLs begin, folded, of what is below a root (spec 40 §7). The prefix is a
-- pattern of LIKE; `head` is what it begins with before the first character that has a meaning there, and `pattern` the
-- whole of it where there is such a character.
-- materialised
SELECT DISTINCT
    regexp_extract(prefix, '^[^%_\\]*', 0, 's') AS head,
    CASE WHEN regexp_matches(prefix, '[%_\\]') THEN prefix || '%' END AS pattern,
    root
FROM (
    SELECT
        resource,
        fold_like(
            CASE form
                WHEN 1 THEN '/site/resources/' || left(path, length(path) - length(last))
                WHEN 4 THEN path
                WHEN 5 THEN left(path, length(path) - length(last))
            END
        ) AS prefix
    FROM paths
    WHERE form IN (1, 4, 5)
)
JOIN descendants USING (resource)
