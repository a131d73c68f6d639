-- The events that count: those of students, except the end of a container (spec 86 §4).
--
-- grain: an event
-- reads: events, students, rules
-- columns:
--   time      TIMESTAMP  time
--   position  BIGINT     number of the line in the file
--   student   VARCHAR    name
--   notebook  VARCHAR    name, as reports give it

SELECT
    e.time,
    e.position,
    s.name AS student,
    CASE WHEN r.strip_extensions THEN regexp_replace(e.notebook, '([^/])\.(ipynb|md|py)$', '\1') ELSE e.notebook END AS notebook
FROM (
    SELECT * REPLACE (CASE WHEN contains(notebook, '%') THEN canonical(notebook) ELSE notebook END AS notebook)
    FROM events
) AS e
JOIN students AS s ON s.student = e.student
CROSS JOIN rules AS r
WHERE e.action <> 'killing'
    AND (r.since IS NULL OR e.time >= r.since)
