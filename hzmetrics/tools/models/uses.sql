-- uses(resid, period, sessnum, username, walltime, viewtime): the hub's tool sessions that belong to a tool and start in a window
-- (spec 40 §4).
SELECT names.resid, windows.period, session.sessnum, session.username, session.walltime, session.viewtime
FROM sessionlog AS session
JOIN names ON names.name = fold(session.appname)
JOIN windows ON inside(session.start, windows.start, windows.stop)
