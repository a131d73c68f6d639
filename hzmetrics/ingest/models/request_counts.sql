-- How many recognized requests of each log each filter dropped, by day, and how many of those that are kept are downloads.
--
-- grain: a log, day and filter
-- reads: filtered_requests
-- columns:
--   log         BIGINT   the log
--   day         VARCHAR  YYYY-MM-DD
--   dropped_by  VARCHAR  name of the filter; NULL: kept
--   lines       BIGINT   requests
--   downloads   BIGINT   downloads

SELECT log_of(number) AS log, day, dropped_by, count(*) AS lines, count(*) FILTER (WHERE is_download) AS downloads
FROM filtered_requests
GROUP BY ALL
