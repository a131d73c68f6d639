-- The visitors of a root among the requests.
--
-- grain: a root and visitor
-- reads: requests, url_roots
-- variables: pseudonym_key
-- columns:
--   root     BIGINT   number of the root
--   visitor  UBIGINT  identity of the visitor
--   month    VARCHAR  month of the latest request, YYYY-MM

SELECT root, short_identity(visitor_of(ip, host)) AS visitor, max(left(datetime, 7)) AS month
FROM requests
JOIN url_roots USING (content)
WHERE visitor_of(ip, host) IS NOT NULL
GROUP BY root, short_identity(visitor_of(ip, host))
