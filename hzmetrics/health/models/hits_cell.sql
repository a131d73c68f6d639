-- Months whose stored cell of hits, of the month or the quarter to date, is not the sum of the hits. Of both, the
-- first is told (spec 65 §11).
--
-- grain: a month
-- reads: hit_counts, stored_cells
-- columns:
--   subject  VARCHAR  table
--   key      VARCHAR  month
--   text     VARCHAR  what was found
--   command  VARCHAR  what repairs it

WITH sums AS (
    SELECT last.month, period, CAST(sum(each.hits) AS BIGINT) AS total
    FROM hit_counts AS last
    CROSS JOIN (VALUES (1), (3)) AS periods (period)
    JOIN hit_counts AS each ON each.month <= last.month AND each.month >= CASE period
        WHEN 1 THEN last.month
        ELSE format('{}-{:02d}', last.month[:4], (CAST(last.month[6:] AS INTEGER) - 1) // 3 * 3 + 1) END
    WHERE last.audited IS NOT NULL
    GROUP BY last.month, period
),
stored AS (
    SELECT month, period, first(value) AS value, nullif(trim(first(value)), '') AS text
    FROM stored_cells
    WHERE grid = 'summary_misc_vals' AND rowid = 8 AND colid = 1
    GROUP BY month, period
)
SELECT
    'summary_misc_vals' AS subject,
    month AS key,
    format('the cell of period {} holds {}, but there are {:,} hits', period, coalesce(text, 'nothing'), total) AS text,
    'rebuild-webhits --month ' || month AS command
FROM sums
LEFT JOIN stored USING (month, period)
WHERE text IS NULL OR trunc(TRY_CAST(text AS DOUBLE)) IS DISTINCT FROM total
QUALIFY row_number() OVER (PARTITION BY month ORDER BY period) = 1
ORDER BY month
