-- Which reading the local times without a zone have, in the weeks in which clocks change: in the repeated hour of autumn the
-- first until the log's times step back, from then on the second (spec 84 §3).
WITH
told AS (
    SELECT number, local::TIMESTAMP AS time, readings.is_repeated, readings.is_near
    FROM said
    JOIN readings ON minute = local[1:16]
    WHERE instant IS NULL AND "zone" IN ('', '-')
),
stepped AS (
    SELECT *, lag(time, 1, TRY_CAST(getvariable('last_local') AS TIMESTAMP)) OVER (ORDER BY number) - time AS back
    FROM told
)
SELECT
    number,
    coalesce(
        last_value(
            CASE WHEN NOT is_near THEN false WHEN is_repeated AND back > INTERVAL 30 MINUTE THEN true END IGNORE NULLS
        ) OVER (ORDER BY number),
        getvariable('is_second')
    ) AS is_second
FROM stepped
