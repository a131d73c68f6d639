-- Requests as JSON objects. `json_paths` has the names of each field's members, `json_ends` how many of them belong to it and
-- those before it.
WITH
found AS (
    SELECT number, stamp, json_extract_string(text, getvariable('json_paths')) AS found
    FROM classified
    WHERE format = 'json'
),
members AS (
    SELECT
        number,
        stamp,
        json_member(found, 'time') AS time,
        json_member(found, 'day') AS day,
        json_member(found, 'request') AS request,
        json_member(found, 'method') AS method,
        json_member(found, 'url') AS url,
        json_member(found, 'query') AS query,
        json_member(found, 'protocol') AS protocol,
        json_member(found, 'status') AS status,
        json_member(found, 'size') AS size,
        json_member(found, 'client') AS peer,
        json_member(found, 'forwarded') AS forwarded,
        json_member(found, 'referrer') AS referrer,
        json_member(found, 'agent') AS agent,
        json_member(found, 'user') AS "user",
        json_member(found, 'seconds') AS seconds,
        json_member(found, 'nanoseconds') AS nanoseconds,
        json_member(found, 'host') AS host
    FROM found
),
called AS (
    SELECT *, coalesce(url, CASE WHEN starts_with(request, '/') THEN request END) AS path FROM members
)
SELECT
    number,
    'json' AS format,
    CASE
        WHEN day IS NOT NULL AND regexp_full_match(time, '\d\d:\d\d:\d\d\S*') THEN day || ' ' || time || 'Z'
        ELSE coalesce(time, stamp)
    END AS time,
    CASE WHEN NOT starts_with(request, '/') THEN request END AS request,
    coalesce(method, 'GET') AS method,
    CASE
        WHEN query IS NULL OR query IN ('', '-', '?') OR contains(path, '?') THEN path
        ELSE path || '?' || ltrim(query, '?')
    END AS target,
    protocol,
    status,
    size,
    coalesce(peer, '') AS peer,
    coalesce(forwarded, '') AS forwarded,
    referrer,
    agent,
    coalesce("user", '') AS "user",
    coalesce(TRY_CAST(seconds AS DOUBLE), TRY_CAST(nanoseconds AS DOUBLE) / 1000000000) AS duration,
    coalesce(host, '') AS host
FROM called
