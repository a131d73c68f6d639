-- cells: for each student and notebook: how often it was opened, and when first.
-- materialised
SELECT student, notebook, count(*) AS opens, min(time) AS first_time
FROM opens
GROUP BY student, notebook
