-- Every line in a format of other servers than the hub's: its fields, the same for all formats; `datetime` is NULL if there
-- is no such time, `instant` if it has no zone that is known.
WITH
words AS (
    SELECT
        *,
        trim(time, '[] ') AS written_time,
        CASE
            WHEN regexp_full_match(request, '[!-~]+ [!-~]+ [!-~]+') THEN string_split(request, ' ')
            ELSE regexp_split_to_array(trim(regexp_replace(request, '[\s\v]+', ' ', 'g')), ' ')
        END AS word
    FROM raw
),
times AS (
    SELECT
        *,
        local_time(written_time) AS local,
        CASE
            WHEN is_epoch(written_time) THEN epoch_time(written_time)
            ELSE less_minutes(local, offset_minutes(zone_of(written_time)))
        END AS instant,
        CASE WHEN word IS NULL THEN method WHEN len(word) > 1 THEN word[1] ELSE '' END AS said,
        CASE WHEN word IS NULL THEN target ELSE word[2] END AS called
    FROM words
)
SELECT
    number,
    format,
    written(coalesce(hub_clock(instant), local)) AS datetime,
    CASE WHEN written(instant) IS NOT NULL THEN instant END AS instant,
    CASE
        WHEN called IS NULL OR NOT regexp_full_match(said, '[A-Za-z-]+') THEN ''
        WHEN starts_with(called, '/') OR path_of(called) IS NOT NULL THEN said
        ELSE ''
    END AS method,
    CASE WHEN starts_with(called, '/') THEN called ELSE coalesce(path_of(called), called, '') END AS target,
    coalesce(word[3], protocol, '') AS protocol,
    regexp_extract(status, '^\d*') AS status,
    CASE WHEN size = '-' THEN '0' ELSE regexp_extract(size, '^\d*') END AS size,
    concat(settled(peer), chr(9), settled(forwarded)) AS peer,
    referrer,
    agent,
    CASE WHEN "user" = '-' THEN '' ELSE unescaped("user") END AS "user",
    duration,
    host
FROM times
