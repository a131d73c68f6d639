-- The browser and the system that each user agent names, of agents that were not seen before.
--
-- grain: a user agent
-- reads: requested, agent_names
-- columns:
--   agent    VARCHAR  user agent
--   browser  VARCHAR  browser; empty if not known
--   system   VARCHAR  operating system; empty if not known

SELECT agent, browser_of(agent) AS browser, system_of(agent) AS system
FROM (SELECT DISTINCT agent FROM requested)
ANTI JOIN agent_names USING (agent)
