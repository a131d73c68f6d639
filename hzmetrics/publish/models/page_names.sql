-- The page that each path is of, without what leads to a person.
--
-- grain: a path
-- reads: requested
-- stored: table
-- columns:
--   path  VARCHAR  path
--   page  VARCHAR  page

SELECT path, page_of(path) AS page FROM (SELECT DISTINCT path FROM requested)
