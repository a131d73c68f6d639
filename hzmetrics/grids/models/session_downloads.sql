-- The sessions with a download, at any time.
--
-- grain: a session
-- reads: download_requests, windows
-- corrections: window-start
-- stored: table
-- columns:
--   sessionid  BIGINT  number of the session
--   depth      BIGINT  depth of the latest download before the windows' end; 0: in none of the windows

SELECT sessionid, max(depth(datetime)) AS depth
FROM download_requests
GROUP BY sessionid
