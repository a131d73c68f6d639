-- The other copies of doubled cells, where they say something else than the one that is kept.
SELECT DISTINCT d.* EXCLUDE (place)
FROM doubled_cells AS d
JOIN kept_cells AS k USING (rowid, colid, datetime, period)
WHERE d.value IS DISTINCT FROM k.value OR d.valfmt IS DISTINCT FROM k.valfmt
