-- map_rows: the heat map: a row for each student, least active first, then by name; `opens` of each notebook in name order.
SELECT student, list(found.opens ORDER BY names.notebook) AS opens
FROM (SELECT student, sum(opens) AS total FROM cells GROUP BY student) AS students
CROSS JOIN (SELECT DISTINCT notebook FROM cells) AS names
LEFT JOIN cells AS found USING (student, notebook)
GROUP BY student, total
ORDER BY total, student
