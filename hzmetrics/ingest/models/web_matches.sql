-- The rows of `candidates` that a line of the file became.
SELECT min(id) AS first_id, max(id) AS last_id, count(*) AS matched
FROM candidates
WHERE (datetime, ip, content) IN (SELECT (datetime, ip, content) FROM keys)
