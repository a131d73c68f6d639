-- The names of each list that enough visitors share, the 100 with the most visitors.
--
-- grain: a list and name
-- reads: span_parts
-- variables: min_users BIGINT
-- columns:
--   list  VARCHAR  pages, referrers, countries, browsers or systems
--   name  VARCHAR  name

SELECT list, name
FROM (SELECT list, name, count(*) AS visitors, sum(views) AS views FROM span_parts WHERE name <> '' GROUP BY list, name)
WHERE visitors >= getvariable('min_users')
QUALIFY row_number() OVER (PARTITION BY list ORDER BY visitors DESC, views DESC, name) <= 100
ORDER BY list, visitors DESC, views DESC, name
