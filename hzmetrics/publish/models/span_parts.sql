-- The parts of some months together, without referrers that are the site itself.
--
-- grain: a list, name and address
-- reads: parts, own_hosts
-- variables: first_month, last_month
-- stored: table
-- columns:
--   list     VARCHAR  pages, referrers, countries, browsers or systems
--   name     VARCHAR  the page, host, country, browser or system; empty if it is not known
--   address  UUID     identity of the address
--   views    BIGINT   requests

SELECT list, name, address, sum(views)::BIGINT AS views
FROM parts
WHERE month BETWEEN getvariable('first_month') AND getvariable('last_month')
    AND NOT (list = 'referrers' AND name IN (SELECT host FROM own_hosts))
GROUP BY ALL
