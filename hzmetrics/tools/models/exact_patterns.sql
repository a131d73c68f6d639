-- The URLs of what is below a root (spec 40 §7).
--
-- grain: a URL and root
-- reads: paths, descendants
-- stored: table
-- columns:
--   key   VARCHAR  folded URL
--   root  BIGINT   number of the root

SELECT DISTINCT fold(url) AS key, root
FROM (
    SELECT resource, '/site/resources/' || path AS url FROM paths WHERE form IN (2, 6)
    UNION ALL
    SELECT resource, '/resources/' || parent || '/download/' || last FROM paths WHERE form = 2
    UNION ALL
    SELECT resource, path FROM paths WHERE form = 3
)
JOIN descendants USING (resource)
