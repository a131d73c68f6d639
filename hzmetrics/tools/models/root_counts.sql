-- How many visitors roots have.
--
-- grain: a root
-- reads: all_visitors
-- columns:
--   root      BIGINT  number of the root
--   visitors  BIGINT  visitors

SELECT root, count(*) AS visitors
FROM all_visitors
GROUP BY root
