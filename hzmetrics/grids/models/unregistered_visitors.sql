-- G7 and G8: unregistered visitors. A login from a visitor's address in a window hides the visitor in that window,
-- whenever the sessions were.
--
-- grain: a kind of session, column, class and visitor
-- reads: column_sessions
-- columns:
--   kind    VARCHAR  interactive or download
--   colid   INTEGER  column of the grid
--   class   BIGINT   class of the domain; 0 in columns 1 to 6
--   who     VARCHAR  folded address and host
--   depth   BIGINT   depth of the latest session
--   hidden  BIGINT   depth down to which the visitor is hidden

SELECT kind, colid, class, visitor AS who, max(depth) AS depth, max(hidden) AS hidden
FROM column_sessions
WHERE by_guest AND visitor IS NOT NULL
GROUP BY kind, colid, class, visitor
