-- The requests that take part in sessions (spec 30 §3): those of `requests` that lie in one of the month's windows and say
-- who asked, by an address or by a host that is a name.
SELECT w.number AS part, r.id, r.datetime, r.t, coalesce(r.ip, '') AS ip, r.host, coalesce(r.domain, '') AS domain
FROM requests AS r
JOIN visit_windows AS w ON r.datetime >= w.start AND r.datetime < w.stop
WHERE NOT is_empty(r.ip) OR NOT (is_empty(r.host) OR rtrim(r.host, ' ') = '?')
