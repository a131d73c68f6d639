-- Requests of a hub as entries of a followed log (spec 84 §3).
--
-- grain: a request
-- reads: hub_requests
-- variables: zone_minutes VARCHAR[], zone_names VARCHAR[]
-- columns:
--   number    BIGINT   place of the line in the log
--   local     VARCHAR  time, as written
--   zone      VARCHAR  its zone; empty if there is none
--   instant   BIGINT   s, Unix time; NULL if the zone is not known
--   method    VARCHAR  method; empty in an auth log
--   target    VARCHAR  path and query; in an auth log the action
--   status    INTEGER  status; 0 if there is none
--   user      VARCHAR  user; empty if there is none
--   address   VARCHAR  client
--   duration  DOUBLE   s; 0 if it is not logged

SELECT
    number,
    datetime AS local,
    "zone",
    floor(epoch(hub_instant(logged_time, "zone")))::BIGINT AS instant,
    method,
    target,
    code(status) AS status,
    '' AS "user",
    address,
    0.0::DOUBLE AS duration
FROM hub_requests
WHERE datetime IS NOT NULL
