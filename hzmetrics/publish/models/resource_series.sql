-- The users of each resource that was used, in each month from its first on in which any resource has figures.
--
-- grain: a resource, a month
-- reads: resource_months
-- columns:
--   resid        BIGINT   resource
--   month        VARCHAR  YYYY-MM
--   in_month     BIGINT   users of the month; NULL where there is no figure
--   in_year      BIGINT   users of the twelve months that end with it
--   in_all_time  BIGINT   users until its end

SELECT r.resid, m.month, c.in_month, c.in_year, c.in_all_time
FROM (SELECT resid, min(month) AS first FROM resource_months GROUP BY resid HAVING max(in_all_time) > 0) AS r
JOIN (SELECT DISTINCT month FROM resource_months) AS m ON m.month >= r.first
LEFT JOIN resource_months AS c ON c.resid = r.resid AND c.month = m.month
ORDER BY r.resid, m.month
