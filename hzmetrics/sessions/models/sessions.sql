-- The sessions of the month (spec 30 §6). Begin and duration are those of the first and last request in their order;
-- address, host and domain are the first that are not empty, each for itself.
-- The last session may go on after the requests end: it is left out (spec 30 §8), unless correction `last-session`
-- keeps it.
--
-- grain: a session
-- reads: sessionized_requests
-- corrections: last-session
-- stored: table
-- columns:
--   number    BIGINT   number of the session, from 1
--   part      BIGINT   number of the window
--   datetime  VARCHAR  begin
--   ip        VARCHAR  address; empty if there is none
--   host      VARCHAR  name of the address; empty if there is none
--   domain    VARCHAR  domain; empty if there is none
--   first_t   BIGINT   s, begin as Unix time
--   last_t    BIGINT   s, Unix time of the last request
--   duration  BIGINT   s, from first to last request
--   requests  BIGINT   number of requests

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
FROM sessionized_requests
GROUP BY number
HAVING corrected('last-session') OR number < (SELECT max(number) FROM sessionized_requests)
