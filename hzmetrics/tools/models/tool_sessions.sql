-- tool_sessions(resid, period, person, sessnum, country, domain): the tool sessions, as the metrics database knows them,
-- that belong to a tool and start in a window (spec 40 §5). `person` is the user's name, folded.
SELECT
    names.resid,
    windows.period,
    fold(session."user") AS person,
    session.sessnum,
    session.countryresident AS country,
    session.domain
FROM sessionlog_metrics AS session
JOIN names ON names.name = fold(session.appname)
JOIN windows ON inside(session.start, windows.start, windows.stop)
