-- Entries with their instants: `said` are those of `auth_entries` or `request_entries`. A time without a zone is local, and in
-- the repeated hour of autumn the first reading until the log's times step back, from then on the second (spec 84 §3).
WITH
read AS (
    SELECT
        said.*,
        readings.* EXCLUDE (minute),
        instant IS NULL AND "zone" IN ('', '-') AND minute IS NOT NULL AS is_plain
    FROM said
    LEFT JOIN readings ON minute = local[1:16]
),
stepped AS (
    SELECT
        *,
        coalesce(
            lag(local) OVER (PARTITION BY is_plain ORDER BY number), nullif(getvariable('last_local'), '')
        ) AS before
    FROM read
),
turned AS (
    SELECT
        *,
        CASE
            WHEN NOT is_near THEN false
            WHEN is_repeated AND before::TIMESTAMP - local::TIMESTAMP > INTERVAL 30 MINUTE THEN true
        END AS turn
    FROM stepped
),
told AS (
    SELECT
        * EXCLUDE (turn, before),
        CASE
            WHEN is_plain THEN coalesce(
                last_value(turn IGNORE NULLS) OVER (PARTITION BY is_plain ORDER BY number), getvariable('is_second')
            )
            ELSE is_repeated AND first_zone <> "zone" AND second_zone = "zone"
        END AS is_second
    FROM turned
)
SELECT
    number,
    coalesce(instant, CASE WHEN is_second THEN second ELSE first END + local[18:19]::BIGINT) AS time,
    method,
    target,
    status,
    "user",
    address,
    duration,
    local,
    is_plain,
    is_second
FROM told
WHERE time BETWEEN 0 AND 253402300799
ORDER BY number
