-- materialised
-- The walk with the number of the session that each request belongs to, from 1. A request begins a session when its
-- visitor or its window is another than the one before it, or when more than 1800 seconds have passed (spec 30 §5).
-- Correction `session-order`: the visitor is address and host. Without it, a host counts only while there is no
-- address, so that sessions run on over the hosts of an address, back in time too.
SELECT
    step, part, id, datetime, t, ip, host, domain,
    sum(CASE WHEN
        step = 1
        OR part <> part_before
        OR t - t_before > 1800
        OR CASE
            WHEN session_order THEN fold(ip) <> fold(ip_before) OR fold(host) IS DISTINCT FROM fold(host_before)
            WHEN ip_before <> '' THEN ip <> ip_before
            ELSE coalesce(host, '') <> coalesce(host_before, '')
        END
    THEN 1 ELSE 0 END) OVER (ORDER BY step) AS number
FROM walk, corrections
