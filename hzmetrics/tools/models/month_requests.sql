-- The requests of one month as resources count them: URLs and visitors. What decides on them never changes once all
-- requests of a month that is over have a host: snapshots hold these rows (spec 50 §16). Resources, which change later, are
-- joined to them. In this order, they take little room.
--
-- grain: a request
-- reads: requests
-- variables: pseudonym_key
-- columns:
--   content  VARCHAR  URL
--   visitor  UBIGINT  identity of the visitor
--   month    VARCHAR  month of the request, YYYY-MM

SELECT content, short_identity(visitor_of(ip, host)) AS visitor, left(datetime, 7) AS month
FROM requests
WHERE visitor_of(ip, host) IS NOT NULL
ORDER BY visitor
