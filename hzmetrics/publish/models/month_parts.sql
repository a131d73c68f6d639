-- What the visitors of a month asked for, from where, and with what.
--
-- grain: a list, name and address
-- reads: requested, page_names, agent_names
-- columns:
--   month    VARCHAR  YYYY-MM
--   list     VARCHAR  pages, referrers, countries, browsers or systems
--   name     VARCHAR  the page, host, country, browser or system; empty if it is not known
--   address  UUID     identity of the address
--   views    BIGINT   requests

SELECT month, 'pages' AS list, page AS name, address, count(*) AS views
FROM requested
JOIN page_names USING (path)
GROUP BY ALL
UNION ALL
SELECT month, 'referrers', referrer, address, count(*)
FROM requested
WHERE referrer IS NOT NULL
GROUP BY ALL
UNION ALL
SELECT month, 'countries', country, address, count(*)
FROM requested
GROUP BY ALL
UNION ALL
SELECT month, 'browsers', browser, address, count(*)
FROM requested
JOIN agent_names USING (agent)
GROUP BY ALL
UNION ALL
SELECT month, 'systems', system, address, count(*)
FROM requested
JOIN agent_names USING (agent)
GROUP BY ALL
