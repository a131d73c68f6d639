-- The ranges of ids whose rows are counted: those between and around the files of the ledger, which should hold none, and
-- those of logins that were entered into the ledger later.
--
-- grain: a range of ids
-- reads: file_ranges
-- columns:
--   source     VARCHAR  table
--   first_id   BIGINT   first id
--   last_id    BIGINT   last id; NULL: no limit
--   row_count  BIGINT   rows that the ledger says there are

SELECT source, coalesce(earlier_id, -1) + 1 AS first_id, first_id - 1 AS last_id, CAST(0 AS BIGINT) AS row_count
FROM file_ranges
WHERE first_id > coalesce(earlier_id, -1) + 1
UNION ALL
SELECT source, max(last_id) + 1, NULL, 0
FROM file_ranges
GROUP BY source
UNION ALL
SELECT source, first_id, last_id, row_count
FROM file_ranges
WHERE source = 'userlogin' AND origin = 'reconstruct'
