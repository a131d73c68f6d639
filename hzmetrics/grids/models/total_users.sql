-- Row 1 of the user grid: rows 6, 7 and 8 as they are stored after this run (spec 50 §8). Correction `distinct-total`:
-- the people in them, each counted once.
--
-- grain: a column and period
-- reads: cell_sums, layout, sections, stored, registered_users, counted_visitors, periods
-- corrections: distinct-total
-- columns:
--   colid   BIGINT  column of the grid
--   period  BIGINT  code of the period
--   value   BIGINT  number of people

SELECT colid, period, as_bigint(sum(value)) AS value
FROM (
    SELECT s.rowid, s.colid, s.period, s.amount AS value
    FROM cell_sums AS s
    JOIN layout AS l USING (grid, rowid, colid)
    SEMI JOIN sections USING (section)
    WHERE s.grid = 'user'
    UNION ALL
    SELECT s.rowid, s.colid, s.period, s.value
    FROM stored AS s
    JOIN layout AS c ON c.grid = 'user' AND c.rowid = s.rowid AND c.colid = s.colid AND c.valfmt = s.valfmt
    WHERE c.section NOT IN (SELECT section FROM sections)
)
WHERE rowid IN (6, 7, 8) AND NOT corrected('distinct-total')
GROUP BY colid, period
UNION ALL
SELECT s.colid, p.period, sum(s.people)::BIGINT
FROM (
    SELECT colid, max(depth) AS depth, 0 AS hidden, 1 AS people FROM registered_users GROUP BY colid, who
    UNION ALL
    SELECT colid, depth, hidden, visitors FROM counted_visitors WHERE kind = 'any'
) AS s
JOIN periods AS p ON s.depth >= p.depth AND s.hidden < p.depth
WHERE corrected('distinct-total')
GROUP BY s.colid, p.period
