-- CPU, wall and view time: simusage rows 3 to 5 (spec 50 §9). CPU time of the tools timed by their jobs is what the jobs of
-- persons used, of all others what the session used, no matter who ran it. Seconds are added one by one in the order of the
-- primary keys, because the rounded cell depends on the order (spec 50 §11).
--
-- grain: a row of the grid and period
-- reads: periods, tool_sessions, job_timed_tools, joblog
-- columns:
--   rowid    INTEGER  row of the grid: 3 CPU, 4 wall, 5 view time
--   period   BIGINT   code of the period
--   seconds  DOUBLE   s, sum

WITH of_sessions AS (
    SELECT
        p.period,
        sum(s.cputime ORDER BY s.sessnum) FILTER (t.tool IS NULL) AS cpu,
        sum(s.walltime ORDER BY s.sessnum) FILTER (s.by_person) AS wall,
        sum(s.viewtime ORDER BY s.sessnum) FILTER (s.by_person) AS view
    FROM periods AS p
    LEFT JOIN tool_sessions AS s ON s.depth >= p.depth
    LEFT JOIN job_timed_tools AS t ON t.tool = s.tool
    GROUP BY p.period
),
jobs AS (
    SELECT
        s.depth,
        j.cputime,
        row_number() OVER (ORDER BY j.sessnum, j.job, fold(j.event), fold(j.venue)) AS place
    FROM tool_sessions AS s
    SEMI JOIN job_timed_tools AS t ON t.tool = s.tool
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
    unnest([coalesce(of_sessions.cpu, 0) + coalesce(of_jobs.cpu, 0), coalesce(wall, 0), coalesce(view, 0)]) AS seconds
FROM of_sessions
LEFT JOIN of_jobs USING (period)
