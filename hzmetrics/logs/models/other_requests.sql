-- Requests in formats of other servers than the hub's, with the same fields for all formats. What has neither a request line
-- nor a URL is none.
--
-- grain: a request
-- reads: raw_requests
-- variables: hub_zone
-- stored: arrow
-- columns:
--   number    BIGINT     place of the line in the log
--   format    VARCHAR    name of the format
--   datetime  VARCHAR    wall-clock time of the hub; NULL if there is no such time
--   instant   TIMESTAMP  time in UTC; NULL if its zone is not known
--   method    VARCHAR    method; empty if the request is none
--   target    VARCHAR    path and query
--   protocol  VARCHAR    protocol
--   status    VARCHAR    status
--   size      VARCHAR    bytes
--   peer      VARCHAR    texts in which the client is named
--   referrer  VARCHAR    referrer; NULL if the format has none
--   agent     VARCHAR    user agent; NULL if the format has none
--   user      VARCHAR    user; empty if there is none
--   duration  DOUBLE     s
--   host      VARCHAR    virtual host

WITH
words AS (
    SELECT
        *,
        trim(time, '[] ') AS written_time,
        CASE
            WHEN regexp_full_match(request, '[!-~]+ [!-~]+ [!-~]+') THEN string_split(request, ' ')
            ELSE regexp_split_to_array(trim(regexp_replace(request, '[\s\v]+', ' ', 'g')), ' ')
        END AS word
    FROM raw_requests
),
parts AS (
    SELECT
        *,
        local_time(written_time) AS local,
        zone_of(written_time) AS zone_text,
        CASE WHEN word IS NULL THEN method WHEN len(word) > 1 THEN word[1] ELSE '' END AS said,
        CASE WHEN word IS NULL THEN target ELSE word[2] END AS called
    FROM words
),
times AS (
    SELECT
        *,
        CASE
            WHEN local IS NOT NULL THEN less_minutes(local, offset_minutes(zone_text))
            WHEN is_epoch(written_time) THEN epoch_time(written_time)
        END AS instant
    FROM parts
),
clocks AS (
    SELECT *, coalesce(hub_clock(instant), local) AS clock FROM times
)
SELECT
    number,
    format,
    written(clock) AS datetime,
    CASE WHEN is_storable(instant) THEN instant END AS instant,
    CASE
        WHEN called IS NULL OR said NOT IN ('GET', 'POST', 'HEAD') AND NOT regexp_full_match(said, '[A-Za-z-]+') THEN ''
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
FROM clocks
WHERE request IS NOT NULL OR target IS NOT NULL
