-- tool_use(resid, period, ...): the sessions of a tool in a window, and their jobs, added up (spec 40 §4). A tool without
-- sessions in the window has no row. Times are seconds, added one by one in the order of the primary key.
SELECT
    resid,
    period,
    session.users,
    session.sessions,
    job.simulations,
    job.jobs,
    session.wall,
    session.view,
    job.cpu,
    job.wait,
    job.cpus
FROM (
    SELECT
        resid,
        period,
        count(DISTINCT fold(username)) AS users,
        count(*) AS sessions,
        sum(walltime ORDER BY sessnum) AS wall,
        sum(viewtime ORDER BY sessnum) AS view
    FROM uses
    GROUP BY resid, period
) AS session
LEFT JOIN job_use AS job USING (resid, period)
