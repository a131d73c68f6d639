-- day_opens: how often each student opened each notebook on the wanted day.
SELECT strftime(w.day, '%Y-%m-%d') AS day, o.student, o.notebook, count(*) AS opens
FROM opens AS o
JOIN wanted AS w ON o.time >= w.day AND o.time < w.day + INTERVAL 1 DAY
GROUP BY ALL
ORDER BY student, notebook
