-- Which reading the local times without a zone have near a change of the clocks: in the repeated hour of autumn the first until the
-- log's times step back, from then on the second (spec 84 §3). `last_local` is the last such time before, `is_second` its reading.
--
-- grain: an entry without a zone
-- reads: said, readings
-- variables: last_local VARCHAR, is_second BOOLEAN
-- columns:
--   number     BIGINT   place of the line in the log
--   is_second  BOOLEAN  whether it is the second reading

WITH
told AS (
    SELECT number, local::TIMESTAMP AS time, is_repeated, is_near
    FROM said
    JOIN readings ON minute = local[1:16]
    WHERE instant IS NULL
        AND "zone" IN ('', '-')
        AND (getvariable('is_second') OR (SELECT bool_or(is_near) FROM readings))
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
