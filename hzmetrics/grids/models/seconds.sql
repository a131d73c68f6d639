-- Seconds of CPU, wall and view time in each period: simusage rows 3 to 5 (spec 50 §9). CPU time of the tools in the alias
-- list is what the jobs of persons used, of all others what the session used, whoever ran it. Seconds are added one by one
-- in the order of the primary keys, since the rounded cell depends on it.
WITH of_sessions AS (
    SELECT
        p.period,
        sum(s.cputime ORDER BY s.sessnum) FILTER (a.tool IS NULL) AS cpu,
        sum(s.walltime ORDER BY s.sessnum) FILTER (s.by_person) AS wall,
        sum(s.viewtime ORDER BY s.sessnum) FILTER (s.by_person) AS view
    FROM periods AS p
    LEFT JOIN sessions_of_tools AS s ON s.depth >= p.depth
    LEFT JOIN aliases AS a ON a.tool = s.tool
    GROUP BY p.period
),
jobs AS (
    SELECT
        s.depth,
        j.cputime,
        row_number() OVER (ORDER BY j.sessnum, j.job, fold(j.event), fold(j.venue)) AS place
    FROM sessions_of_tools AS s
    SEMI JOIN aliases AS a ON a.tool = s.tool
    JOIN joblog AS j ON j.sessnum = s.sessnum
    WHERE s.by_person AND j.job > 0 AND fold(j.event) <> '[WAITING]'
),
of_jobs AS (
    SELECT p.period, sum(j.cputime ORDER BY j.place) AS cpu
    FROM periods AS p
    JOIN jobs AS j ON j.depth >= p.depth
    GROUP BY p.period
)
SELECT
    unnest([3, 4, 5]) AS rowid,
    period,
    unnest([coalesce(of_sessions.cpu, 0) + coalesce(of_jobs.cpu, 0), coalesce(wall, 0), coalesce(view, 0)]) AS total
FROM of_sessions
LEFT JOIN of_jobs USING (period)
