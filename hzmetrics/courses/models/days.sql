-- The days with an open: how many students and notebooks there were, and how many of them for the first time.
--
-- grain: a UTC day
-- reads: opens, first_opens
-- columns:
--   timestamp         VARCHAR  last second of the day, YYYY-MM-DD HH:MM:SS
--   unique_students   BIGINT   students who opened a notebook
--   unique_notebooks  BIGINT   notebooks that were opened
--   new_students      BIGINT   those of the students who never had before
--   new_notebooks     BIGINT   those of the notebooks that never were before

SELECT
    strftime(day, '%Y-%m-%d 23:59:59') AS timestamp,
    unique_students,
    unique_notebooks,
    coalesce(new_students, 0) AS new_students,
    coalesce(new_notebooks, 0) AS new_notebooks
FROM (
    SELECT
        date_trunc('day', time) AS day,
        count(DISTINCT student) AS unique_students,
        count(DISTINCT notebook) AS unique_notebooks
    FROM opens
    GROUP BY ALL
)
LEFT JOIN (
    SELECT
        date_trunc('day', time) AS day,
        count(*) FILTER (kind = 'student') AS new_students,
        count(*) FILTER (kind = 'notebook') AS new_notebooks
    FROM first_opens
    GROUP BY ALL
) USING (day)
ORDER BY day
