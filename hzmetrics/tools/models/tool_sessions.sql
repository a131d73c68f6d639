-- The hub's tool sessions that belong to a tool and start in a window (spec 40 §4).
--
-- grain: a tool, period and tool session
-- reads: tool_names, windows, sessionlog
-- corrections: window-start
-- stored: table
-- columns:
--   resid     BIGINT   number of the tool's resource
--   period    BIGINT   code of the period
--   sessnum   BIGINT   number of the tool session
--   username  VARCHAR  login name
--   walltime  DOUBLE   s, elapsed
--   viewtime  DOUBLE   s, in view

SELECT tool_names.resid, windows.period, session.sessnum, session.username, session.walltime, session.viewtime
FROM sessionlog AS session
JOIN tool_names ON tool_names.name = fold(session.appname)
JOIN windows ON inside(session.start, windows.start, windows.stop)
