-- The page that each path is of, without what leads to a person, of paths that were not asked for before.
--
-- grain: a path
-- reads: requested, page_names
-- columns:
--   path  VARCHAR  path
--   page  VARCHAR  page

SELECT path, page_of(path) AS page
FROM (SELECT DISTINCT path FROM requested)
ANTI JOIN page_names USING (path)
