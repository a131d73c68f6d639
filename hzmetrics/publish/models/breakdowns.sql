-- The lists of some months as they are shown: names that are not shown are `other`, what has no name is `unknown`.
--
-- grain: a list and name
-- reads: span_parts, shown_names
-- columns:
--   list      VARCHAR  pages, referrers, countries, browsers or systems
--   name      VARCHAR  what is shown
--   visitors  BIGINT   addresses
--   views     BIGINT   requests

SELECT *
FROM (
    SELECT
        p.list,
        coalesce(shown, CASE WHEN p.name = '' THEN 'unknown' ELSE 'other' END) AS name,
        count(DISTINCT address) AS visitors,
        sum(views)::BIGINT AS views
    FROM span_parts AS p
    LEFT JOIN shown_names USING (list, name)
    GROUP BY ALL
)
ORDER BY list, name IN ('other', 'unknown'), visitors DESC, views DESC, name
