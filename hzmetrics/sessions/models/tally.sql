-- What each window of the month gave: sessions, and requests in them.
SELECT w.number, w.start, w.stop, count(v.number) AS sessions, coalesce(sum(v.requests), 0) AS requests
FROM visit_windows AS w
LEFT JOIN visits AS v ON v.part = w.number
GROUP BY ALL
ORDER BY w.number
