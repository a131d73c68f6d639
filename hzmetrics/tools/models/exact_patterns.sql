-- exact_patterns(key, root): the URLs, folded, of what is below a root (spec 40 §7).
-- materialised
SELECT DISTINCT fold(url) AS key, root
FROM (
    SELECT resource, '/site/resources/' || path AS url FROM paths WHERE form IN (2, 6)
    UNION ALL
    SELECT resource, '/resources/' || parent || '/download/' || last FROM paths WHERE form = 2
    UNION ALL
    SELECT resource, path FROM paths WHERE form = 3
)
JOIN descendants USING (resource)
