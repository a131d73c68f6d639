-- The users of each resource in each month that has figures of it: of several types, the most users count.
--
-- grain: a resource, a month
-- reads: resource_stats
-- stored: table
-- columns:
--   resid        BIGINT   resource
--   month        VARCHAR  YYYY-MM
--   in_month     BIGINT   users of the month; NULL where there is no figure
--   in_year      BIGINT   users of the twelve months that end with it
--   in_all_time  BIGINT   users until its end

SELECT
    resid,
    datetime[:7] AS month,
    max(users) FILTER (WHERE period = 1) AS in_month,
    max(users) FILTER (WHERE period = 12) AS in_year,
    max(users) FILTER (WHERE period = 14) AS in_all_time
FROM resource_stats
WHERE datetime >= '0001'
GROUP BY resid, month
