-- days: a row for each UTC day with a counted event: students and notebooks distinct that day, and never counted before.
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
        date_trunc('day', moment[1]) AS day,
        count(*) FILTER (kind = 'student') AS new_students,
        count(*) FILTER (kind = 'notebook') AS new_notebooks
    FROM firsts
    GROUP BY ALL
) USING (day)
ORDER BY day
