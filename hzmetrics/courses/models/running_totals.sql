-- Running totals of students and notebooks: a point wherever one of them grows, and one at the last open, which
-- therefore may stand there twice (spec 86 §4.1).
--
-- grain: a point
-- reads: first_opens, opens
-- columns:
--   timestamp        VARCHAR  time, YYYY-MM-DDTHH:MM:SS
--   total_students   BIGINT   students until then
--   total_notebooks  BIGINT   notebooks until then

WITH growth AS (
    SELECT
        time,
        position,
        count(*) FILTER (kind = 'student') AS students,
        count(*) FILTER (kind = 'notebook') AS notebooks
    FROM first_opens
    GROUP BY time, position
),
points AS (
    SELECT time, position, students, notebooks, 0 AS last FROM growth
    UNION ALL
    (SELECT time, position, 0, 0, 1 FROM opens ORDER BY time DESC, position DESC LIMIT 1)
)
SELECT
    strftime(time, '%Y-%m-%dT%H:%M:%S') AS timestamp,
    (sum(students) OVER walk)::BIGINT AS total_students,
    (sum(notebooks) OVER walk)::BIGINT AS total_notebooks
FROM points
WINDOW walk AS (ORDER BY time, position, last ROWS UNBOUNDED PRECEDING)
ORDER BY time, position, last
