-- The rows of resource_stats_tools_topvals (spec 40 §5): three lists of users for every row of resource_stats_tools.
-- Rank 0 is the row's own total.
--
-- grain: a list and rank, of a row of resource_stats_tools
-- reads: country_groups, domain_groups, orgtype_groups, tool_rows
-- columns:
--   id     BIGINT   number of that row
--   top    INTEGER  the list: 1 by country, 2 by domain, 3 by type of organization
--   rank   BIGINT   place in the list
--   name   VARCHAR  name of the group
--   value  BIGINT   users

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
FROM tool_rows
CROSS JOIN (VALUES (1), (2), (3)) AS lists (top)
UNION ALL
SELECT tool_rows.id, top, rank, CASE WHEN is_empty(label) THEN 'Unknown' ELSE label END, ranked.users
FROM tool_rows
JOIN ranked ON ranked.resid = tool_rows.resid AND ranked.period = tool_rows.period
UNION ALL
SELECT id, 1, 1, 'Unknown', users
FROM tool_rows
ANTI JOIN country_groups ON country_groups.resid = tool_rows.resid AND country_groups.period = tool_rows.period
ORDER BY id, top, rank
