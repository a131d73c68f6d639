-- How often each student opened each notebook, as rows of a map: the least active student first, then by name.
--
-- grain: a student
-- reads: student_notebooks
-- columns:
--   student  VARCHAR   name
--   opens    BIGINT[]  number of opens of each notebook, in the order of their names; NULL for none

SELECT student, list(found.opens ORDER BY names.notebook) AS opens
FROM (SELECT student, sum(opens) AS total FROM student_notebooks GROUP BY student) AS students
CROSS JOIN (SELECT DISTINCT notebook FROM student_notebooks) AS names
LEFT JOIN student_notebooks AS found USING (student, notebook)
GROUP BY student, total
ORDER BY total, student
