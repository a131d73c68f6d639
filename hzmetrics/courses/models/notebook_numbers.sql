-- The students by the number of notebooks that they opened (spec 86 §4.3).
--
-- grain: a number of notebooks
-- reads: student_notebooks
-- columns:
--   notebooks  BIGINT  number of notebooks
--   students   BIGINT  number of students who opened that many

SELECT notebooks, count(*) AS students
FROM (SELECT count(*) AS notebooks FROM student_notebooks GROUP BY student)
GROUP BY notebooks
ORDER BY notebooks
