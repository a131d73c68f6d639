-- The user agents that were not seen before in their log, by first appearance (spec 10 §7). Lines whose client cannot be stored do
-- not count; an impossible time does not matter.
--
-- grain: a user agent of a log
-- reads: senders, clients, agents
-- columns:
--   log    BIGINT   the log
--   agent  VARCHAR  user agent

SELECT log, agent
FROM senders
JOIN clients USING (address)
WHERE clients.stored IS NOT NULL AND agent IS NOT NULL
GROUP BY log, agent
HAVING (log, agent) NOT IN (SELECT (log, agent) FROM agents)
ORDER BY min(first)
