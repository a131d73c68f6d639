-- Who sent the requests of a chunk: what is asked of its lines is asked of these few.
--
-- grain: a client with a user agent in a format of a log
-- reads: requests
-- stored: arrow
-- columns:
--   log      BIGINT   the log (`log_of`)
--   format   VARCHAR  name of the format
--   address  VARCHAR  client
--   agent    VARCHAR  user agent; NULL if the format has none
--   first    BIGINT   place of the first line in the log
--   lines    BIGINT   lines with an existing time

SELECT log_of(number) AS log, format, address, agent, min(number) AS first, count(datetime) AS lines
FROM requests
GROUP BY ALL
