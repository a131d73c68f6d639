-- How much a snapshot differs from the rows of its month.
--
-- grain: one row
-- reads: grouped_sessions, month_sessions
-- columns:
--   number  BIGINT  rows that only one of them has

SELECT count(*) AS number
FROM (
    (SELECT * FROM grouped_sessions EXCEPT ALL SELECT * FROM month_sessions)
    UNION ALL
    (SELECT * FROM month_sessions EXCEPT ALL SELECT * FROM grouped_sessions)
)
