-- Where resources are kept, those that are on this hub, and which row of the table of spec 40 §7 reads the path.
--
-- grain: a resource
-- reads: resources, descendants
-- columns:
--   resource  BIGINT   number of the resource
--   path      VARCHAR  path, with blanks as a URL has them
--   form      INTEGER  row of the table, 1 to 6
--   last      VARCHAR  last segment of the path
--   parent    VARCHAR  the segment before it, without leading zeros

SELECT
    resource,
    path,
    CASE
        WHEN regexp_matches(path, '^[0-9].', 's') AND segments[-1] = 'viewer.swf' THEN 1
        WHEN regexp_matches(path, '^[0-9].', 's') THEN 2
        WHEN regexp_matches(path, '^/(resources|site|local)/.', 's') THEN 3
        WHEN regexp_matches(path, '^/topics/.', 's') THEN 4
        WHEN regexp_matches(path, '^lm/.+/.+\..', 's') THEN 5
        ELSE 6
    END AS form,
    segments[-1] AS last,
    ltrim(coalesce(segments[-2], ''), '0') AS parent
FROM (
    SELECT id AS resource, replace(path, ' ', '%20') AS path, string_split(replace(path, ' ', '%20'), '/') AS segments
    FROM resources
    WHERE NOT is_empty(path) AND NOT regexp_matches(path, '^http', 'i')
)
SEMI JOIN descendants USING (resource)
