-- The ledger's entries that say which ids the rows of a file have.
--
-- grain: a file
-- reads: imported_files
-- columns:
--   source         VARCHAR  table
--   origin         VARCHAR  who wrote the entry
--   first_id       BIGINT   first id
--   last_id        BIGINT   last id
--   row_count      BIGINT   rows that the file became
--   earlier_id     BIGINT   largest id of the files before it, in order of their ids; NULL for the first
--   imported_id    BIGINT   the same, of the files before it that the importer entered

SELECT
    source,
    origin,
    first_id,
    last_id,
    row_count,
    max(last_id) OVER before AS earlier_id,
    max(last_id) FILTER (origin = 'importer') OVER before AS imported_id
FROM imported_files
WHERE source IN ('web', 'userlogin') AND first_id <> 0 AND last_id <> 0
WINDOW before AS (
    PARTITION BY source ORDER BY first_id, last_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
)
