-- What times and requests in the fields of a hub's lines mean, line by line in their order (spec 10 §2.4, §2.5), with the
-- corrections `absolute-urls` and `offsets`.
--
-- grain: a line
-- reads: fields
-- variables: hub_zone, reads_absolute_urls BOOLEAN, reads_offsets BOOLEAN
-- columns:
--   day          VARCHAR  YYYY-MM-DD
--   datetime     VARCHAR  wall-clock time; NULL if there is no such time
--   logged_time  VARCHAR  time, as logged; NULL if there is no such time
--   method       VARCHAR  method; empty if the request is none
--   target       VARCHAR  URL, as logged
--   url          VARCHAR  URL with every run of slashes as one

WITH called AS (
    SELECT
        *,
        CASE
            WHEN getvariable('reads_absolute_urls') AND NOT starts_with(target, '/') THEN path_of(target)
            ELSE target
        END AS path,
        existing_time(day, clock) AS logged_time,
        CASE WHEN getvariable('reads_offsets') THEN to_hub_clock(logged_time, "zone") ELSE logged_time END AS datetime
    FROM fields
)
SELECT
    CASE WHEN getvariable('reads_offsets') THEN coalesce(datetime[1:10], day) ELSE day END AS day,
    datetime,
    logged_time,
    CASE WHEN path IS NULL THEN '' ELSE method END AS method,
    coalesce(path, target) AS target,
    collapsed(coalesce(path, target)) AS url
FROM called
