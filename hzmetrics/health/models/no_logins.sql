-- Months with requests and no logins (spec 65 §11).
--
-- grain: a month
-- reads: row_counts
-- columns:
--   subject  VARCHAR  table
--   key      VARCHAR  month
--   text     VARCHAR  what was found
--   command  VARCHAR  empty: a person has to look

SELECT 'userlogin' AS subject, month AS key, 'the month has requests, but no logins' AS text, '' AS command
FROM row_counts
WHERE source = 'web' AND month NOT IN (SELECT month FROM row_counts WHERE source = 'userlogin')
ORDER BY month
