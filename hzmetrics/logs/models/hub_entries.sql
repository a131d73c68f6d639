-- Requests of a hub as entries of a followed log.
SELECT
    number,
    datetime AS local,
    "zone",
    floor(epoch(hub_instant(logged_time, "zone")))::BIGINT AS instant,
    method,
    target,
    code(status) AS status,
    '' AS "user",
    address,
    0.0::DOUBLE AS duration
FROM hub_requests
WHERE datetime IS NOT NULL
