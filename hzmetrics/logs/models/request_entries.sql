-- Requests as entries of a followed log.
SELECT
    number,
    datetime AS local,
    "zone",
    floor(epoch(instant))::BIGINT AS instant,
    method,
    target,
    code(status) AS status,
    "user",
    address,
    coalesce(duration, 0) AS duration
FROM requests
WHERE datetime IS NOT NULL
