-- What each window of the month gave.
--
-- grain: a window
-- reads: sessions, session_windows
-- columns:
--   number    BIGINT   number of the window
--   start     VARCHAR  first instant
--   stop      VARCHAR  first instant after it
--   sessions  BIGINT   number of sessions
--   requests  BIGINT   number of requests in them

SELECT w.number, w.start, w.stop, count(s.number) AS sessions, coalesce(sum(s.requests), 0)::BIGINT AS requests
FROM session_windows AS w
LEFT JOIN sessions AS s ON s.part = w.number
GROUP BY ALL
ORDER BY w.number
