-- The lines that are neither counts nor comments nor blank.
--
-- grain: a line
-- reads: count_lines, counts
-- columns:
--   number  BIGINT  number in the file

SELECT count_lines.number
FROM count_lines
ANTI JOIN counts ON counts.position = count_lines.number
WHERE len(fields) > 0
ORDER BY number
