-- The first open of each student and of each notebook: by time, then by place in the file.
--
-- grain: a student or notebook
-- reads: opens
-- stored: table
-- columns:
--   kind      VARCHAR    student or notebook
--   name      VARCHAR    its name
--   time      TIMESTAMP  time of the open
--   position  BIGINT     number of its line in the file

SELECT kind, name, first[1] AS time, first[2] AS position
FROM (
    SELECT 'student' AS kind, student AS name, min(row(time, position)) AS first FROM opens GROUP BY student
    UNION ALL
    SELECT 'notebook' AS kind, notebook AS name, min(row(time, position)) AS first FROM opens GROUP BY notebook
)
