-- The rows of `websessions` that one batch writes. `jobs` is a signed byte in the table (spec 30 §6).
--
-- grain: a session
-- reads: batch, sessions, tool_start_matches
-- columns:
--   id         BIGINT   number of the row
--   datetime   VARCHAR  begin
--   ipcountry  VARCHAR  empty: filled later
--   ip         VARCHAR  address
--   host       VARCHAR  name of the address
--   domain     VARCHAR  domain
--   duration   BIGINT   s, from first to last request
--   jobs       BIGINT   tool starts, at most 127
--   webevents  INTEGER  0: not counted

SELECT
    number + ids_before AS id, datetime, '' AS ipcountry, ip, host, domain, duration,
    least(coalesce(jobs, 0), 127) AS jobs, 0 AS webevents
FROM batch, sessions
LEFT JOIN (SELECT number, count(*) AS jobs FROM tool_start_matches GROUP BY number) USING (number)
WHERE number > after AND number <= through
ORDER BY number
