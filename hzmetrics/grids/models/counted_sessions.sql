-- materialised
-- The sessions that each column of rows 7 and 3 (interactive) and 8 and 4 (download) counts (spec 50 §8). Residence counts
-- downloads of any time, organisation those of the window; downloaders are guests only in sessions under 900 seconds.
SELECT 'interactive' AS kind, colid, 0 AS class, visitor, ip, depth, hidden, TRUE AS by_guest
FROM interactive_sessions JOIN country_columns USING (country)
UNION ALL
SELECT 'interactive', colid, class, visitor, ip, depth, hidden, TRUE
FROM interactive_sessions JOIN class_columns USING (class)
UNION ALL
SELECT 'download', colid, 0, visitor, ip, depth, hidden, duration < 900
FROM download_sessions JOIN country_columns USING (country)
UNION ALL
SELECT 'download', colid, class, visitor, ip, depth, hidden, duration < 900
FROM dated_download_sessions JOIN class_columns USING (class)
