-- DW: those of them whose download lies in the window as well: session and download must both be inside.
SELECT * REPLACE (least(depth, download_depth) AS depth) FROM download_sessions WHERE download_depth > 0
