-- bad_counts: the numbers of the lines that are neither counts nor comments nor blank.
SELECT count_lines.number
FROM count_lines
ANTI JOIN counts ON counts.position = count_lines.number
WHERE len(fields) > 0
ORDER BY number
