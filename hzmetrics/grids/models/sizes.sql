-- materialised
-- What the sets of `counted` add up to in each period. A cell without members has no row.
SELECT c.grid, c.rowid, c.colid, p.period, sum(c.amount) AS amount
FROM counted AS c
JOIN periods AS p ON c.depth >= p.depth AND c.hidden < p.depth
JOIN layout AS l ON l.grid = c.grid AND l.rowid = c.rowid AND l.colid = c.colid
GROUP BY c.grid, c.rowid, c.colid, p.period
