-- The identified requests in the order in which sessions are cut (spec 30 §4), each with what is needed of the one
-- before it. The order is the collation's, so it is by host before time: on one address, time steps back where a new
-- host begins.
--
-- grain: a request
-- reads: identified_requests
-- stored: table
-- columns:
--   step         BIGINT   place in the order, from 1
--   part         BIGINT   number of the window
--   id           BIGINT   number of the request
--   datetime     VARCHAR  time
--   t            BIGINT   s, the same as Unix time
--   ip           VARCHAR  address of the client; empty if there is none
--   host         VARCHAR  name of the address
--   domain       VARCHAR  domain of the host; empty if there is none
--   part_before  BIGINT   window of the request before
--   t_before     BIGINT   s, its Unix time
--   ip_before    VARCHAR  its address
--   host_before  VARCHAR  its host

SELECT
    row_number() OVER steps AS step,
    part, id, datetime, t, ip, host, domain,
    lag(part) OVER steps AS part_before,
    lag(t) OVER steps AS t_before,
    lag(ip) OVER steps AS ip_before,
    lag(host) OVER steps AS host_before
FROM identified_requests
WINDOW steps AS (ORDER BY part, fold(ip), fold(host) NULLS FIRST, datetime, id)
