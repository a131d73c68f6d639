-- The roots that the URLs of the requests count for (spec 40 §7).
--
-- grain: a URL and root
-- reads: grouped_requests, heads, exact_patterns, prefix_patterns
-- stored: table
-- columns:
--   content  VARCHAR  URL
--   root     BIGINT   number of the root

WITH urls AS (SELECT DISTINCT content FROM grouped_requests),
folded AS (SELECT content, fold_like(content) AS url FROM urls),
nearest AS (
    SELECT folded.content, folded.url, ordered.head
    FROM folded
    ASOF JOIN (SELECT DISTINCT head FROM heads) AS ordered ON folded.url >= ordered.head
)
SELECT urls.content, exact_patterns.root
FROM urls
JOIN exact_patterns ON exact_patterns.key = fold(urls.content)
UNION
SELECT nearest.content, prefix_patterns.root
FROM nearest
JOIN heads ON heads.head = nearest.head
JOIN prefix_patterns ON prefix_patterns.head = heads.within
WHERE starts_with(nearest.url, heads.within)
  AND (prefix_patterns.pattern IS NULL OR nearest.url LIKE prefix_patterns.pattern ESCAPE '\')
