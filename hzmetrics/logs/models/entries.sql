-- Entries with their instants, in the order of their lines (spec 84 §3). `said` is what the lines say; `readings` has their local
-- minutes, `turns` those of the second reading. A zone's name tells the readings apart.
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
WHERE time BETWEEN 0 AND 253402300799
ORDER BY number
