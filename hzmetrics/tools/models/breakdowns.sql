-- breakdowns(id, top, rank, name, value): the rows of resource_stats_tools_topvals (spec 40 §5), three lists of users for every
-- row of resource_stats_tools: 1 by country, 2 by domain, 3 by type of organisation. Rank 0 is the row's own total.
WITH ranked AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY resid, period, top ORDER BY users DESC, key ASC NULLS FIRST) AS rank
    FROM (
        SELECT 1 AS top, * FROM country_groups
        UNION ALL
        SELECT 2, * FROM domain_groups
        UNION ALL
        SELECT 3, * FROM orgtype_groups
    )
    QUALIFY rank <= 10 OR top = 3
)
SELECT id, top, 0 AS rank, 'Total Users' AS name, users AS value
FROM stat_rows
CROSS JOIN (VALUES (1), (2), (3)) AS lists (top)
UNION ALL
SELECT stat_rows.id, top, rank, CASE WHEN is_empty(label) THEN 'Unknown' ELSE label END, ranked.users
FROM stat_rows
JOIN ranked ON ranked.resid = stat_rows.resid AND ranked.period = stat_rows.period
UNION ALL
SELECT id, 1, 1, 'Unknown', users
FROM stat_rows
ANTI JOIN country_groups ON country_groups.resid = stat_rows.resid AND country_groups.period = stat_rows.period
ORDER BY id, top, rank
