-- User agents of lines in an access format that were not judged before, by first appearance (spec 10 §7). An impossible time
-- does not matter.
SELECT agent
FROM requests
JOIN clients USING (address)
WHERE clients.stored IS NOT NULL
    AND NOT EXISTS (FROM agents WHERE agents.agent IS NOT DISTINCT FROM requests.agent)
GROUP BY agent
ORDER BY min(number)
