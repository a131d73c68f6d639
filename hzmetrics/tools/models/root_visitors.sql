-- The visitors of a root among the requests.
--
-- grain: a root and visitor
-- reads: requests, url_roots
-- variables: pseudonym_key
-- columns:
--   root     BIGINT   number of the root
--   visitor  VARCHAR  folded address and host, or the pseudonym that stands for them
--   latest   VARCHAR  time of the latest request

SELECT root, visitor_of(ip, host) AS visitor, max(datetime) AS latest
FROM requests
JOIN url_roots USING (content)
WHERE visitor_of(ip, host) IS NOT NULL
GROUP BY root, visitor_of(ip, host)
