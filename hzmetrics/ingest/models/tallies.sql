-- How many recognised lines each filter dropped (NULL: kept), by day, and how many of the kept are downloads.
SELECT day, dropped_by, count(*) AS lines, count(*) FILTER (WHERE is_download) AS downloads
FROM judged
GROUP BY ALL
