-- animation: at the end of each step, the students who had opened each notebook by then.
WITH growth AS (
    SELECT step_end(c.first_time, r.grain_hours) AS step, c.notebook, count(*) AS students
    FROM cells AS c
    CROSS JOIN rules AS r
    GROUP BY ALL
),
grid AS (
    SELECT steps.step, names.notebook, coalesce(growth.students, 0) AS students
    FROM steps
    CROSS JOIN (SELECT DISTINCT notebook FROM cells) AS names
    LEFT JOIN growth ON growth.step = steps.step AND growth.notebook = names.notebook
),
standing AS (
    SELECT step, notebook, (sum(students) OVER (PARTITION BY notebook ORDER BY step))::BIGINT AS students FROM grid
)
SELECT strftime(step, '%Y-%m-%dT%H:%M:%S') AS step, notebook, students
FROM standing
WHERE students > 0
ORDER BY step, notebook
