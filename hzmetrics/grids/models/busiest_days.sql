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
depths AS (SELECT day, depth, count(*) AS users FROM users GROUP BY day, depth),
days AS (
    SELECT p.period, d.day, sum(d.users)::BIGINT AS users
    FROM depths AS d JOIN periods AS p ON d.depth >= p.depth
    GROUP BY p.period, d.day
)
SELECT period, arg_max(day, (users, day_rank)) AS day, max(users) AS users
FROM (SELECT *, -row_number() OVER (ORDER BY day) AS day_rank FROM days)
GROUP BY period
