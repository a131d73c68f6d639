-- The browser and the system that each user agent names.
--
-- grain: a user agent
-- reads: requested
-- stored: table
-- columns:
--   agent    VARCHAR  user agent
--   browser  VARCHAR  browser; empty if not known
--   system   VARCHAR  operating system; empty if not known

SELECT agent, browser_of(agent) AS browser, system_of(agent) AS system FROM (SELECT DISTINCT agent FROM requested)
