-- How many lines of each format are read: those with a client and an existing time.
--
-- grain: a format
-- reads: senders
-- columns:
--   format  VARCHAR  name of the format
--   lines   BIGINT   lines

SELECT format, sum(lines)::BIGINT AS lines FROM senders WHERE lines > 0 GROUP BY format
