-- The session of each request of one batch.
SELECT id, number + ids_before AS sessionid
FROM batch, cuts SEMI JOIN visits USING (number)
WHERE number > after AND number <= through
ORDER BY id
