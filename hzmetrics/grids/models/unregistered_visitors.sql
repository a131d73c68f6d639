-- G7 and G8: unregistered visitors. A login from a visitor's address in a window hides the visitor in that window,
-- whenever the sessions were. Columns of residence count downloads of any time, columns of organization those of the
-- window (spec 50 §8).
--
-- grain: a kind of session, column, class and group of visitors
-- reads: visitor_groups, country_columns, class_columns
-- columns:
--   kind      VARCHAR  interactive or download
--   colid     INTEGER  column of the grid
--   class     BIGINT   class of the domain; 0 in columns 1 to 6
--   number    BIGINT   number of the group
--   visitors  BIGINT   number of visitors in it
--   depth     BIGINT   depth of the latest session
--   hidden    BIGINT   depth down to which the visitors are hidden

SELECT kind, colid, class, number, max(visitors) AS visitors, max(depth) AS depth, max(hidden) AS hidden
FROM (
    SELECT 'interactive' AS kind, colid, 0 AS class, number, visitors, interactive AS depth, hidden
    FROM visitor_groups JOIN country_columns USING (country)
    UNION ALL
    SELECT 'interactive', colid, class, number, visitors, interactive, hidden
    FROM visitor_groups JOIN class_columns USING (class)
    UNION ALL
    SELECT 'download', colid, 0, number, visitors, download, hidden
    FROM visitor_groups JOIN country_columns USING (country)
    UNION ALL
    SELECT 'download', colid, class, number, visitors, dated_download, hidden
    FROM visitor_groups JOIN class_columns USING (class)
)
WHERE depth > 0
GROUP BY kind, colid, class, number
