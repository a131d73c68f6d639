-- bad_events: the numbers of the lines that are neither events nor blank.
SELECT event_lines.number
FROM event_lines
ANTI JOIN events ON events.position = event_lines.number
WHERE len(fields) > 0
ORDER BY number
