-- The visitors of a root in some months, by the month of their last visit before: in a window that begins with a month, a
-- visitor is new in the one month whose visit before is earlier than the window.
--
-- grain: a root, month and month of the visit before
-- reads: visitors, earlier_visitors
-- columns:
--   root      BIGINT   number of the root
--   month     VARCHAR  month of the visits, YYYY-MM
--   before    VARCHAR  month of the visits before; NULL: there are none
--   visitors  BIGINT   visitors

SELECT root, month, before, count(*) AS visitors
FROM (
    SELECT v.root, v.visitor, v.month, max(earlier.month) AS before
    FROM visitors AS v
    LEFT JOIN earlier_visitors AS earlier USING (root, visitor)
    GROUP BY v.root, v.visitor, v.month
)
GROUP BY root, month, before
