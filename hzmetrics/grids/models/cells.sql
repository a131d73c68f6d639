-- The cells that a run writes, as their tables hold them. Nothing counted is 0, but the sums of misc rows 3 and 8 are then
-- empty; without simulation users, nothing but that is written of the simulation grid (spec 50 §9 to §10).
SELECT l.grid, l.rowid, l.colid, p.period, l.valfmt,
    CASE
        WHEN l.grid = 'user' AND l.rowid = 1 THEN coalesce(t.value, 0)::VARCHAR
        WHEN l.grid = 'simusage' AND l.rowid IN (3, 4, 5) THEN whole(seconds.total)::VARCHAR
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
LEFT JOIN sizes AS s ON s.grid = l.grid AND s.rowid = l.rowid AND s.colid = l.colid AND s.period = p.period
LEFT JOIN seconds ON l.grid = 'simusage' AND seconds.rowid = l.rowid AND seconds.period = p.period
LEFT JOIN totals AS t ON t.colid = l.colid AND t.period = p.period
LEFT JOIN busiest_days AS b ON b.period = p.period
LEFT JOIN sizes AS users ON users.grid = 'simusage' AND users.rowid = 1 AND users.period = p.period
LEFT JOIN sizes AS jobs ON jobs.grid = 'simusage' AND jobs.rowid = 2 AND jobs.period = p.period
WHERE l.grid <> 'simusage' OR l.rowid = 1 OR users.amount > 0
