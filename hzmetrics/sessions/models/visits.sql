-- materialised
-- The sessions of the walk (spec 30 §6). Begin and duration are those of the first and last request in walk order; address,
-- host and domain are the first that are not empty, each for itself.
-- The last session is still open when the walk ends: it is left out (spec 30 §8), unless correction `last-session` keeps it.
SELECT
    number,
    min(part) AS part,
    arg_min(datetime, step) AS datetime,
    coalesce(arg_min(ip, step) FILTER (ip <> ''), '') AS ip,
    coalesce(arg_min(host, step) FILTER (host <> ''), '') AS host,
    coalesce(arg_min(domain, step) FILTER (domain <> ''), '') AS domain,
    arg_min(t, step) AS first_t,
    arg_max(t, step) AS last_t,
    arg_max(t, step) - arg_min(t, step) AS duration,
    count(*) AS requests
FROM cuts, corrections
GROUP BY number, last_session
HAVING last_session OR number < (SELECT max(number) FROM cuts)
