-- The rows of `candidates` that a filter matches.
SELECT id FROM candidates
WHERE host IN (SELECT host FROM bot_hosts) OR domain IN (SELECT domain FROM bot_domains)
ORDER BY id
