-- How the URLs of what is below a root begin (spec 40 §7). The prefix is a pattern of LIKE.
--
-- grain: a prefix and root
-- reads: paths, descendants
-- stored: table
-- columns:
--   head     VARCHAR  folded prefix up to the first character that has a meaning in LIKE
--   pattern  VARCHAR  pattern of LIKE for the whole URL; NULL if `head` is the whole prefix
--   root     BIGINT   number of the root

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
