-- The visitors of a root among the requests.
--
-- grain: a root and visitor
-- reads: grouped_requests, url_roots
-- columns:
--   root     BIGINT   number of the root
--   visitor  UBIGINT  identity of the visitor
--   month    VARCHAR  month of the latest request, YYYY-MM

SELECT root, visitor, max(month) AS month
FROM grouped_requests
JOIN url_roots USING (content)
GROUP BY root, visitor
