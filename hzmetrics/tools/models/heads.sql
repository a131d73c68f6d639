-- Every head of the prefix patterns, with every head it begins with, itself included. The largest head that is not
-- above a URL in the order of text begins with every head that the URL begins with.
--
-- grain: a head and a head it begins with
-- reads: prefix_patterns
-- stored: table
-- columns:
--   head    VARCHAR  the longer one
--   within  VARCHAR  the one it begins with

WITH distinct_heads AS (SELECT DISTINCT head FROM prefix_patterns),
lengths AS (SELECT DISTINCT length(head) AS length FROM distinct_heads)
SELECT inner_head.head, outer_head.head AS within
FROM distinct_heads AS inner_head
JOIN lengths ON lengths.length <= length(inner_head.head)
JOIN distinct_heads AS outer_head ON outer_head.head = left(inner_head.head, lengths.length)
