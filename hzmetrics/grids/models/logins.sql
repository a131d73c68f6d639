-- materialised
-- UL: who logged in or simulated, from which address, on which day; all of all time, the future included. Depth 0: in
-- none of the windows.
SELECT fold("user") AS who, fold(ip) AS ip, left(datetime, 10) AS day, max(depth(datetime)) AS depth
FROM userlogin_lite
GROUP BY ALL
