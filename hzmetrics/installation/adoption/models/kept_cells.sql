-- Of each doubled cell the copy that stood last in the table: the one that readers saw.
SELECT * EXCLUDE (place, latest)
FROM (
    SELECT *, max(place) OVER (PARTITION BY rowid, colid, datetime, period) AS latest
    FROM doubled_cells
)
WHERE place = latest
