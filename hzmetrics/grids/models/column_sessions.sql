-- The sessions that each column of rows 7 and 3 (interactive) and 8 and 4 (download) counts (spec 50 §8). Columns of
-- residence count downloads of any time, columns of organization those of the window; downloaders are guests only in
-- sessions under 900 seconds.
--
-- grain: a column and row of window_sessions
-- reads: window_sessions, country_columns, class_columns
-- columns:
--   kind      VARCHAR  interactive or download
--   colid     INTEGER  column of the grid
--   class     BIGINT   class of the domain; 0 in columns 1 to 6
--   visitor   VARCHAR  folded address and host; NULL without a host
--   ip        VARCHAR  folded address
--   depth     BIGINT   depth of the session
--   hidden    BIGINT   depth of the latest login from the address; 0: none
--   by_guest  BOOLEAN  whether the visitor can count as unregistered

SELECT 'interactive' AS kind, colid, 0 AS class, visitor, ip, depth, hidden, TRUE AS by_guest
FROM window_sessions JOIN country_columns USING (country)
WHERE is_interactive
UNION ALL
SELECT 'interactive', colid, class, visitor, ip, depth, hidden, TRUE
FROM window_sessions JOIN class_columns USING (class)
WHERE is_interactive
UNION ALL
SELECT 'download', colid, 0, visitor, ip, depth, hidden, NOT is_long
FROM window_sessions JOIN country_columns USING (country)
WHERE has_download
UNION ALL
SELECT 'download', colid, class, visitor, ip, download_depth, hidden, NOT is_long
FROM window_sessions JOIN class_columns USING (class)
WHERE download_depth > 0
