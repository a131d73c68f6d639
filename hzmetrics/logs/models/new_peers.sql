-- Texts in which a client is to be found that were not looked at before.
SELECT DISTINCT peer FROM asked WHERE peer NOT IN (SELECT peer FROM peers)
