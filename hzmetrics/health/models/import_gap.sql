-- Seven days or more without rows and without a log file, between the first and the last day that have some. A file's
-- day is the last date of eight digits in its name (spec 65 §11).
--
-- grain: a gap
-- reads: row_days, imported_files, scope
-- columns:
--   subject  VARCHAR  table
--   key      VARCHAR  month that the gap begins in
--   text     VARCHAR  what was found
--   command  VARCHAR  empty: a person has to look

WITH file_days AS (
    SELECT source, list_filter(regexp_extract_all(filename, '[0-9]+'), lambda run: length(run) = 8)[-1] AS digits
    FROM imported_files
    WHERE source IN ('web', 'userlogin')
),
covered AS (
    SELECT source, TRY_CAST(day AS DATE) AS day
    FROM row_days
    UNION
    SELECT source, CAST(try_strptime(digits, '%Y%m%d') AS DATE)
    FROM file_days
),
gaps AS (
    SELECT
        source,
        lag(end_day) OVER (PARTITION BY source ORDER BY end_day) + 1 AS first_day,
        end_day - 1 AS last_day
    FROM (SELECT DISTINCT source, least(day, today) AS end_day FROM covered CROSS JOIN scope WHERE day IS NOT NULL)
)
SELECT
    source AS subject,
    strftime(first_day, '%Y-%m') AS key,
    format('no rows and no files for {} days, {} to {}', last_day - first_day + 1, first_day, last_day) AS text,
    '' AS command
FROM gaps
WHERE last_day - first_day + 1 >= 7
ORDER BY source = 'userlogin', first_day
