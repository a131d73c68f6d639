-- The users who ran a tool in the windows, NULL being one of them, with their first and last runs (spec 50 §9).
-- "Dated" runs are those later than the start of 1995.
--
-- grain: a user
-- reads: runs
-- columns:
--   who              VARCHAR  folded user name; NULL if not known
--   depth            BIGINT   depth of the latest run
--   first_day        DATE     day of the first run
--   last_day         DATE     day of the last run
--   first_dated_day  DATE     day of the first dated run
--   last_dated_day   DATE     day of the last dated run
--   depth_of_two     BIGINT   depth at which two runs are inside; 0: none
--   depth_of_ten     BIGINT   depth at which ten runs are inside; 0: none

SELECT
    who,
    max(depth) AS depth,
    day_of(min(datetime)) AS first_day,
    day_of(max(datetime)) AS last_day,
    day_of(min(datetime) FILTER (datetime > '1995-01-01 00:00:00')) AS first_dated_day,
    day_of(max(datetime) FILTER (datetime > '1995-01-01 00:00:00')) AS last_dated_day,
    coalesce(max(depth, 2) FILTER (datetime > '1995-01-01 00:00:00')[2], 0) AS depth_of_two,
    coalesce(max(depth, 10)[10], 0) AS depth_of_ten
FROM runs
GROUP BY who
HAVING max(depth) > 0
