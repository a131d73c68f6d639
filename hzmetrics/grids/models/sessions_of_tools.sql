-- materialised
-- Q: the middleware's tool sessions, with times in seconds (spec 50 §9).
SELECT
    sessnum, fold(username) AS who, is_real(fold(username), username) AS by_person, fold(appname) AS tool,
    coalesce(walltime, 0) AS walltime, coalesce(viewtime, 0) AS viewtime, coalesce(cputime, 0) AS cputime,
    depth("start") AS depth
FROM sessionlog
