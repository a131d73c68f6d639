-- Texts in which a client is named that were not looked at before.
--
-- grain: a text
-- reads: other_requests, peers
-- columns:
--   peer  VARCHAR  text, as in other_requests

SELECT DISTINCT peer FROM other_requests WHERE peer NOT IN (SELECT peer FROM peers)
