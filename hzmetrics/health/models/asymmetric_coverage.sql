-- Months with many requests and no logins, or with many logins and no requests (spec 65 §11).
--
-- grain: a month
-- reads: row_counts
-- columns:
--   subject  VARCHAR  source_coverage
--   key      VARCHAR  month
--   text     VARCHAR  what was found
--   command  VARCHAR  empty: a person has to look

WITH counts AS (
    SELECT
        month,
        coalesce(sum(row_count) FILTER (source = 'web'), 0) AS requests,
        coalesce(sum(row_count) FILTER (source = 'userlogin'), 0) AS logins
    FROM row_counts
    GROUP BY month
)
SELECT
    'source_coverage' AS subject,
    month AS key,
    format('{:,} requests and {:,} logins; log files may be missing', requests, logins) AS text,
    '' AS command
FROM counts
WHERE (requests >= 100 AND logins = 0) OR (logins >= 10 AND requests = 0)
ORDER BY month
