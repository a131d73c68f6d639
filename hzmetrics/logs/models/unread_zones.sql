-- The lines of a hub's logs that are unread only because of their zone (spec 10 §2.2).
--
-- grain: a log with such lines
-- reads: fields
-- variables: reads_zones BOOLEAN
-- columns:
--   log    BIGINT  the log
--   lines  BIGINT  lines

SELECT log_of(number) AS log, count(*) AS lines
FROM fields
WHERE NOT getvariable('reads_zones')
    AND is_foreign_zone(zone)
    AND existing_time(day, clock) IS NOT NULL
GROUP BY log
