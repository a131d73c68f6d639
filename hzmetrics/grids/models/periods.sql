-- The windows of the month's periods (spec 50 §2), each with the depth that a time needs to be inside.
SELECT period, start, stop, count(*) OVER (ORDER BY start) AS depth
FROM windows
