-- When the requests of some months came: every hour of the week.
--
-- grain: a day of the week and hour
-- reads: hours
-- variables: first_month, last_month
-- columns:
--   weekday  BIGINT  1 Monday to 7 Sunday
--   hour     BIGINT  0 to 23
--   views    BIGINT  requests

SELECT w.weekday, h.hour, coalesce(sum(views), 0)::BIGINT AS views
FROM range(1, 8) AS w (weekday)
CROSS JOIN range(24) AS h (hour)
LEFT JOIN hours AS o
    ON o.weekday = w.weekday AND o.hour = h.hour
    AND o.month BETWEEN getvariable('first_month') AND getvariable('last_month')
GROUP BY ALL
ORDER BY ALL
