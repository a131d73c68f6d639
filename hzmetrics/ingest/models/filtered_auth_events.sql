-- The recognized auth events, each with what drops it (spec 10 §6.2).
--
-- grain: an event
-- reads: auth_events, clients
-- variables: earliest_day, latest_day
-- columns:
--   number      BIGINT   place of the line in the log
--   day         VARCHAR  YYYY-MM-DD
--   datetime    VARCHAR  time
--   user        VARCHAR  user name
--   uidNumber   BIGINT   number of the account
--   action      VARCHAR  what was done
--   ip          VARCHAR  address, as stored
--   dropped_by  VARCHAR  `date`, `other action` or `filtered`; NULL if the event is kept

SELECT
    auth_events.* EXCLUDE (address),
    clients.stored AS ip,
    CASE
        WHEN day NOT BETWEEN getvariable('earliest_day') AND getvariable('latest_day') THEN 'date'
        WHEN action NOT IN ('login', 'simulation') THEN 'other action'
        WHEN "user" IN ('hubstatus', 'hubadmin') OR clients.is_excluded THEN 'filtered'
    END AS dropped_by
FROM auth_events
JOIN clients USING (address)
WHERE datetime IS NOT NULL AND clients.stored IS NOT NULL
