-- How many recognised lines were dropped for which reason (NULL: kept), by day.
SELECT day, dropped_by, count(*) AS lines FROM auth_judged GROUP BY ALL
