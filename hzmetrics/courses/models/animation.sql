-- How many students had opened each notebook by the end of each step. A notebook is listed from the step at which the
-- first had.
--
-- grain: a step and notebook
-- reads: student_notebooks, rules, animation_steps
-- columns:
--   step      VARCHAR  end of the step, YYYY-MM-DDTHH:MM:SS
--   notebook  VARCHAR  name
--   students  BIGINT   number of students

WITH growth AS (
    SELECT step_end(c.first_time, r.grain_hours) AS step, c.notebook, count(*) AS students
    FROM student_notebooks AS c
    CROSS JOIN rules AS r
    GROUP BY ALL
),
grid AS (
    SELECT animation_steps.step, names.notebook, coalesce(growth.students, 0) AS students
    FROM animation_steps
    CROSS JOIN (SELECT DISTINCT notebook FROM student_notebooks) AS names
    LEFT JOIN growth ON growth.step = animation_steps.step AND growth.notebook = names.notebook
),
standing AS (
    SELECT step, notebook, (sum(students) OVER (PARTITION BY notebook ORDER BY step))::BIGINT AS students FROM grid
)
SELECT strftime(step, '%Y-%m-%dT%H:%M:%S') AS step, notebook, students
FROM standing
WHERE students > 0
ORDER BY step, notebook
