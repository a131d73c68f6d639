-- root_visitors(root, ip, host, latest): the visitors of a root among the requests at hand, folded, and when each last came.
SELECT root, fold(ip) AS ip, fold(host) AS host, max(datetime) AS latest
FROM requests
JOIN url_roots USING (content)
GROUP BY root, fold(ip), fold(host)
