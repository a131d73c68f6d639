-- Marked months that have waited for more than 48 hours (spec 65 §11).
--
-- grain: the key dirty_months
-- reads: state_keys, scope
-- columns:
--   subject  VARCHAR  table
--   key      VARCHAR  the months
--   text     VARCHAR  what was found
--   command  VARCHAR  empty: a person has to look

SELECT
    'pipeline_state' AS subject,
    value AS key,
    format('waiting since {}: check that the pipeline runs', updated_at) AS text,
    '' AS command
FROM state_keys
CROSS JOIN scope
WHERE key = 'dirty_months' AND trim(value, ', ') <> ''
    AND CAST(now AS TIMESTAMP) - CAST(updated_at AS TIMESTAMP) > INTERVAL 48 HOURS
