-- The sessions that the month's requests would give, shaped as `websessions`, for the effect of a correction
-- (spec 15). Their ids are below all that are stored; their countries are those of their requests.
--
-- grain: a session
-- reads: sessions, sessionized_requests, request_details, tool_start_matches
-- columns:
--   id         BIGINT   number of the session, negative
--   datetime   VARCHAR  begin
--   ip         VARCHAR  address
--   host       VARCHAR  name of the address
--   domain     VARCHAR  domain
--   ipcountry  VARCHAR  country of the address; empty if not known
--   duration   BIGINT   s, from first to last request
--   jobs       BIGINT   tool starts, at most 127

SELECT
    -s.number AS id, s.datetime, s.ip, s.host, s.domain, coalesce(c.ipcountry, '') AS ipcountry, s.duration,
    least(coalesce(j.jobs, 0), 127) AS jobs
FROM sessions AS s
LEFT JOIN (
    SELECT number, max(ipcountry) AS ipcountry
    FROM sessionized_requests
    JOIN request_details USING (id)
    GROUP BY number
) AS c ON c.number = s.number
LEFT JOIN (SELECT number, count(*) AS jobs FROM tool_start_matches GROUP BY number) AS j ON j.number = s.number
