-- materialised
-- The candidates in the order in which sessions are cut (spec 30 §4), each with what is needed of the one before it. The
-- order is the collation's, so it is by host before time: on one address, time steps back where a new host begins.
SELECT
    row_number() OVER walk AS step,
    part, id, datetime, t, ip, host, domain,
    lag(part) OVER walk AS part_before,
    lag(t) OVER walk AS t_before,
    lag(ip) OVER walk AS ip_before,
    lag(host) OVER walk AS host_before
FROM candidates
WINDOW walk AS (ORDER BY part, fold(ip), fold(host) NULLS FIRST, datetime, id)
