-- The users known at the addresses of those sessions, hidden addresses included. In columns 1-6 the empty address is
-- none, and 127.0.0.1 is always one (spec 50 §8, rows 3 and 4).
--
-- grain: a kind of session, column, class and user
-- reads: known_addresses, known_users, country_columns, class_columns, windows
-- stored: table
-- columns:
--   kind   VARCHAR  interactive or download
--   colid  BIGINT   column of the grid
--   class  BIGINT   class of the domain; 0 in columns 1 to 6
--   who    VARCHAR  folded user name
--   depth  BIGINT   depth down to which the user is known at one of the addresses

WITH addresses AS (
    SELECT 'interactive' AS kind, colid, 0 AS class, address, interactive AS depth
    FROM known_addresses JOIN country_columns USING (country)
    WHERE address <> short_identity('')
    UNION ALL
    SELECT 'interactive', colid, class, address, interactive
    FROM known_addresses JOIN class_columns USING (class)
    UNION ALL
    SELECT 'download', colid, 0, address, download
    FROM known_addresses JOIN country_columns USING (country)
    WHERE address <> short_identity('')
    UNION ALL
    SELECT 'download', colid, class, address, dated_download
    FROM known_addresses JOIN class_columns USING (class)
    UNION ALL
    SELECT kind, colid, 0, short_identity('127.0.0.1'), everywhere()
    FROM (VALUES ('interactive'), ('download')) AS k(kind), (SELECT unnest(range(1, 7)) AS colid)
)
SELECT a.kind, a.colid, a.class, k.who, max(least(a.depth, k.depth)) AS depth
FROM addresses AS a
JOIN known_users AS k USING (address)
WHERE a.depth > 0
GROUP BY a.kind, a.colid, a.class, k.who
