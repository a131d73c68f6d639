-- How many recognized auth events were dropped for which reason, by day.
--
-- grain: a day and reason
-- reads: filtered_auth_events
-- columns:
--   day         VARCHAR  YYYY-MM-DD
--   dropped_by  VARCHAR  reason; NULL: kept
--   lines       BIGINT   events

SELECT day, dropped_by, count(*) AS lines FROM filtered_auth_events GROUP BY ALL
