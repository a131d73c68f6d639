-- Snapshots that are not what the rows of their months give: values were edited by hand (spec 50 §16).
--
-- grain: a table and month
-- reads: snapshot_differences, state_keys
-- columns:
--   subject  VARCHAR  table
--   key      VARCHAR  month
--   text     VARCHAR  what was found
--   command  VARCHAR  what repairs it; empty for an anonymised month

SELECT
    source AS subject,
    month AS key,
    format('its snapshot differs from its rows in {} rows: remove its files in state/snapshots', row_count) AS text,
    CASE
        WHEN month < (SELECT max(value) FROM state_keys WHERE key = 'anonymised_before') THEN ''
        ELSE 'mark-dirty ' || month
    END AS command
FROM snapshot_differences
