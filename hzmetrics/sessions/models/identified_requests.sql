-- The requests that take part in sessions (spec 30 §3): those of `requests` that lie in one of the windows and tell
-- who asked, by an address or by a host that is a name.
--
-- grain: a request
-- reads: requests, session_windows
-- columns:
--   part      BIGINT   number of the window
--   id        BIGINT   number of the request
--   datetime  VARCHAR  time
--   t         BIGINT   s, the same as Unix time
--   ip        VARCHAR  address of the client; empty if there is none
--   host      VARCHAR  name of the address
--   domain    VARCHAR  domain of the host; empty if there is none

SELECT w.number AS part, r.id, r.datetime, r.t, coalesce(r.ip, '') AS ip, r.host, coalesce(r.domain, '') AS domain
FROM requests AS r
JOIN session_windows AS w ON r.datetime >= w.start AND r.datetime < w.stop
WHERE NOT is_empty(r.ip) OR NOT (is_empty(r.host) OR rtrim(r.host, ' ') = '?')
