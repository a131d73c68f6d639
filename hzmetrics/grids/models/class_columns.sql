-- Columns 7-11 of a session (spec 50 §7). Column 7 is the sum over all classes: who comes under two classes counts
-- twice.
--
-- grain: a class and column
-- reads: domain_classes
-- stored: table
-- columns:
--   class  BIGINT   code of the class
--   colid  INTEGER  column of the grid, 7 to 11

WITH seen AS (SELECT DISTINCT class FROM domain_classes)
SELECT class, 7 AS colid FROM seen
UNION ALL
SELECT class, colid FROM seen JOIN (VALUES (1, 8), (2, 9), (3, 10), (6, 11)) AS c(class, colid) USING (class)
