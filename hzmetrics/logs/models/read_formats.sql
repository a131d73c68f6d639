-- How many lines of each format are read of each log: those with a client and an existing time.
--
-- grain: a format in a log
-- reads: senders
-- columns:
--   log     BIGINT   the log
--   format  VARCHAR  name of the format
--   lines   BIGINT   lines

SELECT log, format, sum(lines)::BIGINT AS lines FROM senders WHERE lines > 0 GROUP BY log, format
