-- The ordered requests with the session that each belongs to. A request begins a session when its visitor or its
-- window is not that of the request before, or when more than 1800 seconds have passed (spec 30 §5).
-- Correction `session-order`: the visitor is address and host. Without it, a host counts only while there is no
-- address, so that sessions run on over the hosts of an address, back in time too.
--
-- grain: a request
-- reads: ordered_requests
-- corrections: session-order
-- stored: table
-- columns:
--   step      BIGINT   place in the order, from 1
--   part      BIGINT   number of the window
--   id        BIGINT   number of the request
--   datetime  VARCHAR  time
--   t         BIGINT   s, the same as Unix time
--   ip        VARCHAR  address of the client; empty if there is none
--   host      VARCHAR  name of the address
--   domain    VARCHAR  domain of the host; empty if there is none
--   number    BIGINT   number of the session, from 1

SELECT
    step, part, id, datetime, t, ip, host, domain,
    (sum(CASE WHEN
        step = 1
        OR part <> part_before
        OR t - t_before > 1800
        OR CASE
            WHEN corrected('session-order') THEN fold(ip) <> fold(ip_before) OR fold(host) IS DISTINCT FROM fold(host_before)
            WHEN ip_before <> '' THEN ip <> ip_before
            ELSE coalesce(host, '') <> coalesce(host_before, '')
        END
    THEN 1 ELSE 0 END) OVER (ORDER BY step))::BIGINT AS number
FROM ordered_requests
