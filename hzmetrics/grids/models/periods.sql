-- The windows of the month's periods (spec 50 §2), each with the depth that a time needs to be inside.
--
-- grain: a period
-- reads: windows
-- columns:
--   period  BIGINT   code of the period
--   start   VARCHAR  first instant of the window
--   stop    VARCHAR  first instant after it
--   depth   BIGINT   number of windows that hold this one, itself included

SELECT period, start, stop, count(*) OVER (ORDER BY start) AS depth
FROM windows
