-- How many recognized events of each auth log were dropped for which reason, by day.
--
-- grain: a log, day and reason
-- reads: filtered_auth_events
-- columns:
--   log         BIGINT   the log
--   day         VARCHAR  YYYY-MM-DD
--   dropped_by  VARCHAR  reason; NULL: kept
--   lines       BIGINT   events

SELECT log_of(number) AS log, day, dropped_by, count(*) AS lines FROM filtered_auth_events GROUP BY ALL
