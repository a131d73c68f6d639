-- totals: running totals of students and notebooks: a point wherever one of them grows, and one at the last counted event,
-- which therefore may stand there twice (spec 86 §4.1).
WITH growth AS (
    SELECT
        moment,
        count(*) FILTER (kind = 'student') AS students,
        count(*) FILTER (kind = 'notebook') AS notebooks
    FROM firsts
    GROUP BY moment
),
points AS (
    SELECT moment, students, notebooks, 0 AS last FROM growth
    UNION ALL
    SELECT max(row(time, position)), 0, 0, 1 FROM opens HAVING count(*) > 0
)
SELECT
    strftime(moment[1], '%Y-%m-%dT%H:%M:%S') AS timestamp,
    (sum(students) OVER walk)::BIGINT AS total_students,
    (sum(notebooks) OVER walk)::BIGINT AS total_notebooks
FROM points
WINDOW walk AS (ORDER BY moment, last ROWS UNBOUNDED PRECEDING)
ORDER BY moment, last
