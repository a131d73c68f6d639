-- What the requests of a hub's access log say (spec 10 §2). Method and target are those of spec 10 §2.5, with the
-- corrections `absolute-urls` and `offsets`.
--
-- grain: a request
-- reads: fields
-- variables: hub_zone, reads_absolute_urls BOOLEAN, reads_offsets BOOLEAN
-- stored: arrow
-- columns:
--   number            BIGINT   place of the line in the log
--   day               VARCHAR  YYYY-MM-DD
--   datetime          VARCHAR  wall-clock time; NULL if there is no such time (spec 10 §2.4)
--   zone              VARCHAR  zone, as logged
--   logged_time       VARCHAR  time, as logged; NULL if it is the wall-clock time
--   method            VARCHAR  method
--   logged_url        VARCHAR  URL, as logged; NULL if it is the one without runs of slashes
--   url               VARCHAR  URL with every run of slashes as one
--   protocol          VARCHAR  protocol
--   status            VARCHAR  status
--   size              VARCHAR  bytes
--   address           VARCHAR  client
--   referrer          VARCHAR  referrer
--   agent             VARCHAR  user agent
--   uid               VARCHAR  number of the account
--   apache_pid        VARCHAR  process of the server
--   joomla_sessionid  VARCHAR  session of the CMS
--   site_cookie       VARCHAR  cookie of the site
--   auth_type         VARCHAR  kind of authentication
--   component_name    VARCHAR  component of the CMS
--   view_name         VARCHAR  its view
--   task_name         VARCHAR  its task
--   action_name       VARCHAR  its action
--   item_name         VARCHAR  its item

WITH
matched AS (
    SELECT number, unnest(field)
    FROM fields
    WHERE field IS NOT NULL
),
words AS (
    SELECT
        *,
        CASE
            WHEN regexp_full_match(request, '[!-~]+ [!-~]+ [!-~]+') THEN string_split(request, ' ')
            ELSE regexp_split_to_array(regexp_replace(request, '^[\s\v]+|[\s\v]+$', '', 'g'), '[\s\v]+')
        END AS word
    FROM matched
),
called AS (
    SELECT
        *,
        CASE WHEN len(word) > 1 THEN word[1] ELSE 'GET' END AS called_method,
        CASE WHEN len(word) > 1 THEN word[2] ELSE word[1] END AS called_url,
        CASE
            WHEN getvariable('reads_absolute_urls') AND NOT starts_with(called_url, '/') THEN path_of(called_url)
            ELSE called_url
        END AS target,
        existing_time(day, clock) AS logged_time,
        CASE WHEN getvariable('reads_offsets') THEN to_hub_clock(logged_time, "zone") ELSE logged_time END AS datetime
    FROM words
)
SELECT
    number,
    CASE WHEN getvariable('reads_offsets') THEN coalesce(datetime[1:10], day) ELSE day END AS day,
    datetime,
    "zone",
    CASE WHEN getvariable('reads_offsets') THEN logged_time END AS logged_time,
    CASE WHEN target IS NULL THEN '' ELSE called_method END AS method,
    CASE WHEN contains(called_url, '//') THEN coalesce(target, called_url) END AS logged_url,
    collapsed(coalesce(target, called_url)) AS url,
    coalesce(word[3], '') AS protocol,
    status,
    size,
    address,
    referrer,
    agent,
    uid,
    process AS apache_pid,
    joomla_sessionid,
    site_cookie,
    auth_type,
    component_name,
    view_name,
    task_name,
    action_name,
    item_name
FROM called
