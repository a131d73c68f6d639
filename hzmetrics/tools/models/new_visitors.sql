-- The visitors of a root in some months who are not among those known of other months.
--
-- grain: a root and visitor
-- reads: visitors, all_visitors
-- columns:
--   root     BIGINT   number of the root
--   visitor  UBIGINT  identity of the visitor

SELECT DISTINCT root, visitor
FROM visitors
ANTI JOIN all_visitors USING (root, visitor)
