-- What the grammar of a hub's lines finds in those that are not plain, the same for both formats (spec 10 §2). 23 fields are
-- tried before 14, and both before the same with an IPv6 address or a zone east of Greenwich.
--
-- grain: a line that has one of the formats
-- reads: odd_lines
-- variables: full_line, full_line_any, short_line, short_line_any
-- columns:
--   number            BIGINT   place of the line in the log
--   day               VARCHAR  date
--   clock             VARCHAR  time of day, HH:MM:SS; NULL if there is no such time
--   zone              VARCHAR  zone
--   apache_pid        VARCHAR  process of the server; empty in a line of 14 fields
--   status            VARCHAR  status
--   size              VARCHAR  bytes
--   address           VARCHAR  client
--   referrer          VARCHAR  referrer
--   agent             VARCHAR  user agent
--   uid               VARCHAR  number of the account; empty in a line of 14 fields
--   joomla_sessionid  VARCHAR  session of the CMS; empty in a line of 14 fields
--   site_cookie       VARCHAR  cookie of the site; of a line of 14 fields the rest
--   auth_type         VARCHAR  kind of authentication; this and what follows is empty in a line of 14 fields
--   component_name    VARCHAR  component of the CMS
--   view_name         VARCHAR  its view
--   task_name         VARCHAR  its task
--   action_name       VARCHAR  its action
--   item_name         VARCHAR  its item
--   method            VARCHAR  method; GET if the request is one word (spec 10 §2.5)
--   target            VARCHAR  URL
--   protocol          VARCHAR  protocol; empty if there is none

WITH
formats AS MATERIALIZED (
    SELECT
        *,
        CASE
            WHEN regexp_matches(line, getvariable('full_line')) THEN 'full'
            WHEN regexp_matches(line, getvariable('short_line')) THEN 'short'
            WHEN regexp_matches(line, getvariable('full_line_any')) THEN 'full_any'
            WHEN regexp_matches(line, getvariable('short_line_any')) THEN 'short_any'
        END AS format
    FROM odd_lines
),
full_lines AS (
    SELECT number, unnest(CASE format
        WHEN 'full' THEN regexp_extract(line, getvariable('full_line'), full_groups())
        ELSE regexp_extract(line, getvariable('full_line_any'), full_groups())
    END)
    FROM formats
    WHERE format IN ('full', 'full_any')
),
short_lines AS (
    SELECT number, unnest(CASE format
        WHEN 'short' THEN regexp_extract(line, getvariable('short_line'), short_groups())
        ELSE regexp_extract(line, getvariable('short_line_any'), short_groups())
    END)
    FROM formats
    WHERE format IN ('short', 'short_any')
),
found AS (
    FROM full_lines
    UNION ALL BY NAME
    FROM short_lines
),
words AS (
    SELECT *, regexp_split_to_array(regexp_replace(request, '^[\s\v]+|[\s\v]+$', '', 'g'), '[\s\v]+') AS word
    FROM found
)
SELECT
    number,
    "day",
    existing_clock(clock) AS clock,
    "zone",
    coalesce(apache_pid, '') AS apache_pid,
    status,
    size,
    address,
    referrer,
    agent,
    coalesce(uid, '') AS uid,
    coalesce(joomla_sessionid, '') AS joomla_sessionid,
    site_cookie,
    coalesce(auth_type, '') AS auth_type,
    coalesce(component_name, '') AS component_name,
    coalesce(view_name, '') AS view_name,
    coalesce(task_name, '') AS task_name,
    coalesce(action_name, '') AS action_name,
    coalesce(item_name, '') AS item_name,
    CASE WHEN len(word) > 1 THEN word[1] ELSE 'GET' END AS method,
    CASE WHEN len(word) > 1 THEN word[2] ELSE word[1] END AS target,
    coalesce(word[3], '') AS protocol
FROM words
