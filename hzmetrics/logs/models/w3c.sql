-- Requests in the W3C extended format of IIS and CloudFront: the last `#Fields` line before a row tells its columns,
-- of which `headers` has the positions. Times are UTC.
--
-- grain: a line of the format
-- reads: classified, headers
-- columns:
--   number     BIGINT   place of the line in the log
--   format     VARCHAR  w3c
--   time       VARCHAR  time
--   request    VARCHAR  NULL: method and target are columns of their own
--   method     VARCHAR  method
--   target     VARCHAR  path and query
--   protocol   VARCHAR  protocol
--   status     VARCHAR  status
--   size       VARCHAR  bytes
--   peer       VARCHAR  client
--   forwarded  VARCHAR  clients named by proxies
--   referrer   VARCHAR  referrer
--   agent      VARCHAR  user agent
--   user       VARCHAR  user
--   duration   DOUBLE   s
--   host       VARCHAR  virtual host

WITH cells AS (
    SELECT
        classified.number,
        contains(text, chr(9)) AS is_encoded,
        cells_of(text) AS cell,
        headers.* EXCLUDE (number)
    FROM classified
    ASOF JOIN headers ON classified.number >= headers.number
    WHERE format = 'w3c'
)
SELECT
    number,
    'w3c' AS format,
    coalesce(cell[day] || ' ', '') || cell[clock] || 'Z' AS time,
    NULL::VARCHAR AS request,
    cell[method_at] AS method,
    CASE
        WHEN cell[query] IS NULL OR cell[query] IN ('-', '') THEN cell[stem]
        ELSE cell[stem] || '?' || cell[query]
    END AS target,
    coalesce(cell[protocol_at], '') AS protocol,
    cell[status_at] AS status,
    cell[size_at] AS size,
    cell[client] AS peer,
    coalesce(cell[forwarded_at], '') AS forwarded,
    decoded_cell(cell[referrer_at], is_encoded) AS referrer,
    decoded_cell(cell[agent_at], is_encoded) AS agent,
    coalesce(cell[user_at], '') AS "user",
    TRY_CAST(cell[taken] AS DOUBLE) / CASE WHEN is_encoded THEN 1 ELSE 1000 END AS duration,
    coalesce(cell[host_at], '') AS host
FROM cells
