-- The tool sessions, as the metrics database knows them, that belong to a tool and start in a window (spec 40 §5).
--
-- grain: a tool, period and tool session
-- reads: tool_names, windows, sessionlog_metrics
-- corrections: window-start
-- stored: table
-- columns:
--   resid    BIGINT   number of the tool's resource
--   period   BIGINT   code of the period
--   who      VARCHAR  folded user name
--   sessnum  BIGINT   number of the tool session
--   country  VARCHAR  the user's country of residence
--   domain   VARCHAR  domain of the user's host

SELECT
    tool_names.resid,
    windows.period,
    fold(session."user") AS who,
    session.sessnum,
    session.countryresident AS country,
    session.domain
FROM sessionlog_metrics AS session
JOIN tool_names ON tool_names.name = fold(session.appname)
JOIN windows ON inside(session.start, windows.start, windows.stop)
