-- What speaks for each referring host of a month being the site itself: its referrers name pages of the site.
--
-- grain: a host
-- reads: requested
-- columns:
--   month   VARCHAR  YYYY-MM
--   host    VARCHAR  host
--   deep    BIGINT   requests whose referrer names a path
--   inside  BIGINT   those of them whose path was itself asked for in the month

SELECT month, referrer AS host, count(*) AS deep, count(p.path) AS inside
FROM requested AS r
LEFT JOIN (SELECT DISTINCT path FROM requested) AS p ON p.path = r.referrer_path
WHERE referrer NOT IN ('', 'no referrer') AND referrer_path NOT IN ('', '/')
GROUP BY ALL
