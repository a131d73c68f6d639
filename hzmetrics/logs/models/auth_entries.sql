-- Events of an auth log as entries of a followed log.
SELECT
    number,
    datetime AS local,
    '' AS "zone",
    NULL::BIGINT AS instant,
    '' AS method,
    action AS target,
    0 AS status,
    CASE WHEN "user" = '-' THEN '' ELSE trim("user") END AS "user",
    address,
    0.0::DOUBLE AS duration
FROM auth_events
WHERE datetime IS NOT NULL
