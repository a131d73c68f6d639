-- Everybody in rows 6, 7 and 8, each once a column: what correction `distinct-total` counts in row 1.
SELECT colid, who, max(depth) AS depth, max(hidden) AS hidden
FROM (
    SELECT colid, 'user ' || who AS who, depth, 0 AS hidden FROM registered_users
    UNION ALL
    SELECT colid, 'guest ' || who, depth, hidden FROM guests
)
GROUP BY colid, who
