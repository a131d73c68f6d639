-- The visitors of a root among the requests.
--
-- grain: a root and visitor
-- reads: requests, url_roots
-- columns:
--   root    BIGINT   number of the root
--   ip      VARCHAR  folded address
--   host    VARCHAR  folded name of the address
--   latest  VARCHAR  time of the latest request

SELECT root, fold(ip) AS ip, fold(host) AS host, max(datetime) AS latest
FROM requests
JOIN url_roots USING (content)
GROUP BY root, fold(ip), fold(host)
