-- Every line of a hub's access log (spec 10 §2): the standard fields of a request. `datetime` is NULL if there is no such
-- time (spec 10 §2.4); method and URL are those of spec 10 §2.5, with the corrections `absolute-urls` and `offsets`.
WITH
matched AS (
    SELECT number, unnest(field)
    FROM fields
    WHERE field IS NOT NULL AND (getvariable('reads_zones') OR NOT is_foreign_zone(field.zone))
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
    'hub' AS format,
    CASE WHEN getvariable('reads_offsets') THEN coalesce(datetime[1:10], day) ELSE day END AS day,
    datetime,
    "zone",
    logged_time,
    CASE WHEN target IS NULL THEN '' ELSE called_method END AS method,
    coalesce(target, called_url) AS target,
    collapsed(coalesce(target, called_url)) AS url,
    coalesce(word[3], '') AS protocol,
    status,
    size,
    address,
    referrer,
    agent,
    '' AS "user",
    NULL::DOUBLE AS duration,
    '' AS host,
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
