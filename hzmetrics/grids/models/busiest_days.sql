-- The day with the most users logged in, of each period; of several such days the earliest. The instant at which a
-- window starts is not inside.
--
-- grain: a period with a login
-- reads: logins, periods
-- columns:
--   period  BIGINT   code of the period
--   day     VARCHAR  YYYY-MM-DD
--   users   BIGINT   users logged in on that day

WITH users AS (SELECT day, who, max(depth) AS depth FROM logins WHERE depth > 0 GROUP BY day, who),
days AS (
    SELECT p.period, u.day, count(*) AS users
    FROM users AS u JOIN periods AS p ON u.depth >= p.depth
    GROUP BY p.period, u.day
)
SELECT period, arg_max(day, (users, day_rank)) AS day, max(users) AS users
FROM (SELECT *, -row_number() OVER (ORDER BY day) AS day_rank FROM days)
GROUP BY period
