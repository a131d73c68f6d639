-- The lines of a hub's logs that are unread only because of their zone (spec 10 §2.2).
--
-- grain: a log with such lines
-- reads: unread_calls
-- columns:
--   log    BIGINT  the log
--   lines  BIGINT  lines

SELECT log_of(number) AS log, count(*) AS lines FROM unread_calls WHERE logged_time IS NOT NULL GROUP BY log
