-- Every recognised auth line with what drops it (spec 10 §6.2), NULL if it counts.
SELECT
    auth_events.* EXCLUDE (address),
    clients.stored AS ip,
    CASE
        WHEN action NOT IN ('login', 'simulation') THEN 'other action'
        WHEN "user" IN ('hubstatus', 'hubadmin') OR clients.is_excluded THEN 'filtered'
    END AS dropped_by
FROM auth_events
JOIN clients USING (address)
WHERE datetime IS NOT NULL AND clients.stored IS NOT NULL
