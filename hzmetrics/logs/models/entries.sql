-- Entries with their instants, in the order of their lines (spec 84 §3). The name of a zone tells two readings of its times apart.
--
-- grain: an entry
-- reads: said, readings, turns
-- variables: earliest_time, latest_time
-- columns:
--   number    BIGINT   place of the line in the log
--   time      BIGINT   s, Unix time
--   method    VARCHAR  method; empty in an auth log
--   target    VARCHAR  path and query; in an auth log the action
--   status    INTEGER  status; 0 if there is none
--   user      VARCHAR  user; empty if there is none
--   address   VARCHAR  client
--   duration  DOUBLE   s; 0 if it is not logged

SELECT
    number,
    coalesce(
        instant,
        local[18:19]::BIGINT + CASE
            WHEN coalesce(is_second, is_repeated AND first_zone <> "zone" AND second_zone = "zone") THEN second
            ELSE first
        END
    ) AS time,
    method,
    target,
    status,
    "user",
    address,
    duration
FROM said
LEFT JOIN readings ON instant IS NULL AND minute = local[1:16]
LEFT JOIN turns USING (number)
WHERE time BETWEEN getvariable('earliest_time')::BIGINT AND getvariable('latest_time')::BIGINT
ORDER BY number
