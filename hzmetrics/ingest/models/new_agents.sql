-- The user agents that were not seen before, by first appearance (spec 10 §7). Lines whose client cannot be stored do
-- not count; an impossible time does not matter.
--
-- grain: a user agent
-- reads: senders, clients, agents
-- columns:
--   agent  VARCHAR  user agent

SELECT agent
FROM senders
JOIN clients USING (address)
WHERE clients.stored IS NOT NULL AND agent IS NOT NULL
GROUP BY agent
HAVING agent NOT IN (SELECT agent FROM agents)
ORDER BY min(first)
