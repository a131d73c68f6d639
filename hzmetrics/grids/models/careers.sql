-- Of each user who ran a tool in the windows (NULL is one of them): first and last run, and the depths at which two and
-- ten runs are inside (spec 50 §9). "Dated" runs are those later than the start of 1995.
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
