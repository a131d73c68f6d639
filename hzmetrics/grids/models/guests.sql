-- G7 and G8: unregistered visitors, by kind of session. A login from a visitor's address in a window hides the visitor
-- in that window, whenever the sessions were.
SELECT kind, colid, class, visitor AS who, max(depth) AS depth, max(hidden) AS hidden
FROM counted_sessions
WHERE by_guest AND visitor IS NOT NULL
GROUP BY kind, colid, class, visitor
