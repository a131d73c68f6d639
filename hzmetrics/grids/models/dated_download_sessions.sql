-- DW: those download sessions whose download lies in the window as well: session and download must both be inside.
--
-- grain: a session
-- reads: download_sessions
-- columns:
--   ip              VARCHAR  folded address
--   visitor         VARCHAR  folded address and host; NULL without a host
--   country         VARCHAR  folded country of the address
--   domain          VARCHAR  folded domain
--   class           BIGINT   class of the domain; NULL if it has none
--   duration        BIGINT   s, from first to last request
--   jobs            BIGINT   tool starts
--   depth           BIGINT   depth of begin and latest download
--   has_download    BOOLEAN  whether it downloaded something
--   download_depth  BIGINT   depth of the latest download; 0: none
--   hidden          BIGINT   depth of the latest login from the address; 0: none

SELECT * REPLACE (least(depth, download_depth) AS depth) FROM download_sessions WHERE download_depth > 0
