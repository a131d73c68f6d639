-- tool_use(resid, period, ...): the sessions of a tool in a window, and their jobs, added up (spec 40 §4). A tool without
-- sessions in the window has no row. Times are seconds.
SELECT
    names.resid,
    windows.period,
    count(DISTINCT fold(session.username)) AS users,
    count(*) AS sessions,
    sum(job.simulations) AS simulations,
    sum(job.jobs) AS jobs,
    sum(session.walltime) AS wall,
    sum(session.viewtime) AS view,
    sum(job.cpu) AS cpu,
    sum(job.wait) AS wait,
    sum(job.cpus) AS cpus
FROM sessionlog AS session
JOIN names ON names.name = fold(session.appname)
JOIN windows ON inside(session.start, windows.start, windows.stop)
LEFT JOIN session_jobs AS job ON job.sessnum = session.sessnum
GROUP BY names.resid, windows.period
