-- Every line that matches a format: when it was (NULL if there is no such time, spec 10 §2.4), the method and the URL of its
-- request line (spec 10 §2.5), and its other fields as logged.
WITH
matched AS (
    SELECT number, unnest(field) FROM fields WHERE field IS NOT NULL
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
        CASE WHEN len(word) > 1 THEN word[1] ELSE 'GET' END AS method,
        CASE WHEN len(word) > 1 THEN word[2] ELSE word[1] END AS called_url
    FROM words
)
SELECT
    number,
    day,
    existing_time(day, clock) AS datetime,
    method,
    CASE WHEN contains(called_url, '//') THEN regexp_replace(called_url, '/+', '/', 'g') ELSE called_url END AS url,
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
