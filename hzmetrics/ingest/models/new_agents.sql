-- User agents of lines in an access format that were not judged before, by first appearance (spec 10 §7). An impossible time
-- does not matter.
SELECT agent
FROM requests
JOIN clients USING (address)
WHERE clients.stored IS NOT NULL AND agent IS NOT NULL
GROUP BY agent
HAVING agent NOT IN (SELECT agent FROM agents)
ORDER BY min(number)
