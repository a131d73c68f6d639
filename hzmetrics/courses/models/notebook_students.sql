-- How many students opened each notebook (spec 86 §4.3).
--
-- grain: a notebook
-- reads: student_notebooks
-- columns:
--   notebook  VARCHAR  name
--   students  BIGINT   number of students

SELECT notebook, count(*) AS students
FROM student_notebooks
GROUP BY notebook
ORDER BY notebook
