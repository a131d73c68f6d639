-- firsts: the moment (time, then place in the file) at which each student and each notebook was counted first.
-- materialised
SELECT 'student' AS kind, student AS name, min(row(time, position)) AS moment FROM opens GROUP BY student
UNION ALL
SELECT 'notebook' AS kind, notebook AS name, min(row(time, position)) AS moment FROM opens GROUP BY notebook
