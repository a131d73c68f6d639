-- The session of each tool start whose session is in one batch: of all that claim it, the one written last. So each tool
-- start is stamped by one batch only, and batches can be written side by side.
SELECT id, number + ids_before AS sessionid
FROM (SELECT id, max(number) AS number FROM claims GROUP BY id), batch
WHERE number > after AND number <= through
ORDER BY id
