-- Keys of the pipeline's state that hold something of another form than theirs (spec 65 §11).
--
-- grain: a key
-- reads: state_keys
-- columns:
--   subject  VARCHAR  table
--   key      VARCHAR  name of the key
--   text     VARCHAR  what was found
--   command  VARCHAR  empty: a person has to look

WITH wrong AS (
    SELECT 1 AS place, key, value
    FROM state_keys
    WHERE key = 'mode' AND value NOT IN ('normal', 'catchup', 'rebuild')
    UNION ALL
    SELECT list_position(['rebuild_cursor', 'catchup_started', 'rebuild_cascade_from'], key) + 1 AS place, key, value
    FROM state_keys
    WHERE place IS NOT NULL AND NOT is_month(value)
    UNION ALL
    SELECT 5, key, value
    FROM state_keys
    WHERE key = 'analyzed' AND NOT is_day(value)
    UNION ALL
    SELECT
        6,
        key,
        list_filter(string_split(value, ','), lambda item: trim(item) <> '' AND NOT is_month(trim(item)))[1]
    FROM state_keys
    WHERE key = 'dirty_months'
    UNION ALL
    SELECT 8, key, left(value, 60)
    FROM state_keys
    JOIN (VALUES
        ('bad_files', 'ARRAY'), ('unread_files', 'ARRAY'), ('corrected_since', 'OBJECT'), ('lookups_failing', 'OBJECT'),
        ('completed_requests', 'OBJECT')
    ) AS forms(key, form) USING (key)
    WHERE CASE WHEN json_valid(value) THEN json_type(value) ELSE '' END <> form
    UNION ALL
    SELECT 7, started.key, started.value || ', later than the last analysis of ' || analyzed.value
    FROM state_keys AS started
    JOIN state_keys AS analyzed ON started.value > analyzed.value[:7]
    WHERE started.key = 'catchup_started' AND is_month(started.value)
        AND analyzed.key = 'analyzed' AND is_day(analyzed.value)
)
SELECT 'pipeline_state' AS subject, key, 'holds "' || value || '"' AS text, '' AS command
FROM wrong
WHERE value <> ''
ORDER BY place
