-- A: interactive sessions: at least 900 seconds, no tool started.
--
-- grain: a session
-- reads: window_sessions
-- columns:
--   ip              VARCHAR  folded address
--   visitor         VARCHAR  folded address and host; NULL without a host
--   country         VARCHAR  folded country of the address
--   domain          VARCHAR  folded domain
--   class           BIGINT   class of the domain; NULL if it has none
--   duration        BIGINT   s, from first to last request
--   jobs            BIGINT   tool starts
--   depth           BIGINT   depth of the begin
--   has_download    BOOLEAN  whether it downloaded something
--   download_depth  BIGINT   depth of the latest download; 0: none
--   hidden          BIGINT   depth of the latest login from the address; 0: none

SELECT * FROM window_sessions WHERE jobs = 0 AND duration >= 900
