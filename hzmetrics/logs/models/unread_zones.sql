-- The lines of a hub's log that are unread only because of their zone (spec 10 §2.2).
--
-- grain: the chunk
-- reads: fields
-- variables: reads_zones BOOLEAN
-- columns:
--   lines  BIGINT  lines

SELECT count(*) AS lines
FROM fields
WHERE NOT getvariable('reads_zones')
    AND is_foreign_zone(zone)
    AND existing_time(day, clock) IS NOT NULL
