-- Months in which lookups left far more rows unanswered than in the median month. Months of fewer than 100 rows say
-- nothing (spec 65 §11).
--
-- grain: a column of a table, and month
-- reads: row_counts, scope
-- columns:
--   subject  VARCHAR  table and column
--   key      VARCHAR  month
--   text     VARCHAR  what was found
--   command  VARCHAR  what repairs it

WITH shares AS (
    SELECT
        source,
        attribute,
        month,
        row_count,
        CASE attribute WHEN 'host' THEN no_host WHEN 'domain' THEN no_domain ELSE no_ipcountry END / row_count AS share
    FROM row_counts
    CROSS JOIN (VALUES ('host'), ('domain'), ('ipcountry')) AS attributes (attribute)
    WHERE source IN ('web', 'websessions') AND row_count >= 100
),
thresholds AS (
    SELECT source, attribute, greatest(5 * list_sort(list(share))[count(*) // 2 + 1], any_value(floor)) AS threshold
    FROM shares
    CROSS JOIN scope
    GROUP BY source, attribute
)
SELECT
    source || '.' || attribute AS subject,
    month AS key,
    format('{:.1f}% of {:,} rows have no answer', 100 * share, row_count) AS text,
    CASE attribute WHEN 'host' THEN 'resolve-dns' WHEN 'domain' THEN 'fill-domain' ELSE 'fill-ipcountry' END
        || ' metrics ' || source || ' ' || month AS command
FROM shares
JOIN thresholds USING (source, attribute)
WHERE share > threshold
ORDER BY source, list_position(['host', 'domain', 'ipcountry'], attribute), month
