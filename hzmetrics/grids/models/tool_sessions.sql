-- Q: the middleware's tool sessions (spec 50 §9).
--
-- grain: a tool session
-- reads: sessionlog, windows
-- corrections: window-start
-- stored: table
-- columns:
--   sessnum    BIGINT   number of the tool session
--   who        VARCHAR  folded user name
--   by_person  BOOLEAN  whether the user is a person, none of the hub's own checks
--   tool       VARCHAR  folded name of the tool
--   walltime   DOUBLE   s, elapsed
--   viewtime   DOUBLE   s, in view
--   cputime    DOUBLE   s, of CPU
--   depth      BIGINT   depth of the start

SELECT
    sessnum, fold(username) AS who, is_real(fold(username), username) AS by_person, fold(appname) AS tool,
    coalesce(walltime, 0) AS walltime, coalesce(viewtime, 0) AS viewtime, coalesce(cputime, 0) AS cputime,
    depth("start") AS depth
FROM sessionlog
