-- Requests as JSON objects, by the members that hold their fields (`members`).
WITH called AS (
    SELECT *, coalesce(url, CASE WHEN starts_with(request, '/') THEN request END) AS path FROM members
)
SELECT
    number,
    'json' AS format,
    CASE
        WHEN day IS NOT NULL AND regexp_full_match(time, '\d\d:\d\d:\d\d\S*') THEN day || ' ' || time || 'Z'
        ELSE coalesce(time, stamp)
    END AS time,
    CASE
        WHEN starts_with(request, '/') OR starts_with(request, '{') OR method IS NOT NULL AND url IS NOT NULL THEN NULL
        ELSE request
    END AS request,
    coalesce(method, 'GET') AS method,
    CASE
        WHEN query IS NULL OR query IN ('', '-', '?') OR contains(path, '?') THEN path
        ELSE path || '?' || ltrim(query, '?')
    END AS target,
    protocol,
    status,
    size,
    coalesce(client, '') AS peer,
    coalesce(forwarded, '') AS forwarded,
    referrer,
    agent,
    coalesce("user", '') AS "user",
    coalesce(TRY_CAST(seconds AS DOUBLE), TRY_CAST(nanoseconds AS DOUBLE) / 1000000000) AS duration,
    coalesce(host, '') AS host
FROM called
