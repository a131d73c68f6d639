-- Requests as entries of a followed log.
SELECT
    number,
    datetime AS local,
    "zone",
    floor(epoch(instant))::BIGINT AS instant,
    method,
    target,
    CASE WHEN strlen(status) = 3 THEN coalesce(TRY_CAST(status AS INTEGER), 0) ELSE 0 END AS status,
    "user",
    address,
    coalesce(duration, 0) AS duration
FROM requests
WHERE datetime IS NOT NULL
ORDER BY number
