-- The cells that a run writes, as their tables hold them. Where nothing is counted the value is 0, but the sums of
-- misc rows 3 and 8 are then empty; without simulation users, only their number is written of the simulation grid
-- (spec 50 §9 to §10).
--
-- grain: a cell
-- reads: layout, sections, periods, cell_sums, simulation_times, total_users, busiest_days
-- corrections: half-up
-- columns:
--   grid    VARCHAR  user, simusage or misc
--   rowid   INTEGER  row of the grid
--   colid   BIGINT   column of the grid
--   period  BIGINT   code of the period
--   valfmt  INTEGER  how pages show the value
--   value   VARCHAR  number or sentence

SELECT l.grid, l.rowid, l.colid, p.period, l.valfmt,
    CASE
        WHEN l.grid = 'user' AND l.rowid = 1 THEN coalesce(t.value, 0)::VARCHAR
        WHEN l.grid = 'simusage' AND l.rowid IN (3, 4, 5) THEN whole(times.seconds)::VARCHAR
        WHEN l.grid = 'simusage' AND l.rowid = 7 THEN whole(jobs.amount / users.amount)::VARCHAR
        WHEN l.grid = 'simusage' AND l.rowid = 8 THEN whole(coalesce(s.amount, 0) / users.amount * 86400.0)::VARCHAR
        WHEN l.grid = 'misc' AND l.rowid IN (3, 8) THEN coalesce(s.amount::VARCHAR, '')
        WHEN l.grid = 'misc' AND l.rowid = 7
            THEN concat(b.users, ' users on ', b.day)
        ELSE coalesce(s.amount, 0)::VARCHAR
    END AS value
FROM layout AS l
SEMI JOIN sections USING (section)
CROSS JOIN periods AS p
LEFT JOIN cell_sums AS s ON s.grid = l.grid AND s.rowid = l.rowid AND s.colid = l.colid AND s.period = p.period
LEFT JOIN simulation_times AS times ON l.grid = 'simusage' AND times.rowid = l.rowid AND times.period = p.period
LEFT JOIN total_users AS t ON t.colid = l.colid AND t.period = p.period
LEFT JOIN busiest_days AS b ON b.period = p.period
LEFT JOIN cell_sums AS users ON users.grid = 'simusage' AND users.rowid = 1 AND users.period = p.period
LEFT JOIN cell_sums AS jobs ON jobs.grid = 'simusage' AND jobs.rowid = 2 AND jobs.period = p.period
WHERE l.grid <> 'simusage' OR l.rowid = 1 OR users.amount > 0
