-- How often each student opened each notebook on the wanted day.
--
-- grain: a student and notebook
-- reads: opens, wanted_day
-- columns:
--   day       VARCHAR  YYYY-MM-DD
--   student   VARCHAR  name
--   notebook  VARCHAR  name
--   opens     BIGINT   number of opens

SELECT strftime(w.day, '%Y-%m-%d') AS day, o.student, o.notebook, count(*) AS opens
FROM opens AS o
JOIN wanted_day AS w ON o.time >= w.day AND o.time < w.day + INTERVAL 1 DAY
GROUP BY ALL
ORDER BY student, notebook
