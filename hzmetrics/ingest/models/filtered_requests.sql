-- The recognized requests, each with the first filter that drops it (spec 10 §3). A line is recognized if its time
-- exists and its client's address can be stored.
--
-- grain: a request
-- reads: clients, agents, requests
-- variables: crawler_target, download, earliest_day, event_archive, excluded_url, excluded_urls VARCHAR[], latest_day
-- stored: arrow
-- columns:
--   number       BIGINT   place of the line in the log
--   day          VARCHAR  YYYY-MM-DD
--   ip           VARCHAR  address, as stored
--   dropped_by   VARCHAR  name of the filter; NULL if the request is kept
--   is_download  BOOLEAN  whether it is kept and a download (spec 10 §4)
--   uid          VARCHAR  number of the account, as logged

SELECT
    number,
    day,
    clients.stored AS ip,
    CASE
        WHEN day NOT BETWEEN getvariable('earliest_day') AND getvariable('latest_day') THEN 'date'
        WHEN status <> '200' OR ltrim(size, '0') = '' OR method NOT IN ('GET', 'POST') THEN 'status'
        WHEN clients.is_excluded OR agents.is_excluded OR contains_any(lower(url), getvariable('excluded_urls'))
            THEN 'filter'
        WHEN agents.is_bot THEN 'bot'
        WHEN day >= '2022-01-01' AND agents.is_old_explorer THEN 'msie'
        WHEN regexp_matches(url, getvariable('excluded_url')) AND NOT starts_with(lower(url), '/resources/') THEN 'url'
        WHEN referrer IN ('', '-') AND regexp_matches(url, getvariable('crawler_target')) THEN 'ref'
        WHEN referrer IN ('', '-')
            AND TRY_CAST(regexp_extract(url, getvariable('event_archive'), 1) AS INTEGER) <= day[1:4]::INTEGER - 3
            THEN 'events'
    END AS dropped_by,
    dropped_by IS NULL AND regexp_matches(url, getvariable('download')) AS is_download,
    uid
FROM requests
JOIN clients USING (address)
LEFT JOIN agents ON agents.agent = requests.agent AND agents.log = log_of(number)
WHERE datetime IS NOT NULL AND clients.stored IS NOT NULL
