-- How often each student opened each notebook, and when first.
--
-- grain: a student and notebook
-- reads: opens
-- stored: table
-- columns:
--   student     VARCHAR    name
--   notebook    VARCHAR    name
--   opens       BIGINT     number of opens
--   first_time  TIMESTAMP  time of the first

SELECT student, notebook, count(*) AS opens, min(time) AS first_time
FROM opens
GROUP BY student, notebook
