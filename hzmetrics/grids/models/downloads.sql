-- materialised
-- Sessions with a download, at any time; depth: of the latest before the windows' end.
SELECT sessionid, max(depth(datetime)) AS depth
FROM download_requests
GROUP BY sessionid
