-- Requests as JSON objects, by the members that hold their fields.
--
-- grain: a line of the format
-- reads: members
-- columns:
--   number     BIGINT   place of the line in the log
--   format     VARCHAR  json
--   time       VARCHAR  time
--   request    VARCHAR  request line; NULL if method and target are members of their own
--   method     VARCHAR  method
--   target     VARCHAR  path and query
--   protocol   VARCHAR  protocol
--   status     VARCHAR  status
--   size       VARCHAR  bytes
--   peer       VARCHAR  client
--   forwarded  VARCHAR  clients named by proxies
--   referrer   VARCHAR  referrer; NULL if there is none
--   agent      VARCHAR  user agent; NULL if there is none
--   user       VARCHAR  user
--   duration   DOUBLE   s
--   host       VARCHAR  virtual host

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
