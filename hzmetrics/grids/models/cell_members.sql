-- What every cell counts: the members of the cell's set. A cell adds up the `amount` of its members, 1 each where
-- people or events are counted.
--
-- Not here are simusage rows 3 to 5 (simulation_times.sql) and the cells that are made out of others: user row 1
-- (total_users.sql), simusage rows 7 and 8, which are the amounts of rows 2 and 8 divided by row 1 (cells.sql), and the
-- sentence of misc row 7 (busiest_days.sql).
--
-- grain: a cell and member, or members that count alike
-- reads: registered_users, simulation_users, counted_visitors, known_session_users, session_totals, session_domains,
--   runs, heavy_users, user_runs, profiles, webhits, windows
-- columns:
--   grid     VARCHAR  user, simusage or misc
--   rowid    INTEGER  row of the grid
--   colid    BIGINT   column of the grid
--   depth    BIGINT   depth that says in which windows the member is inside
--   hidden   BIGINT   depth down to which it is no member
--   amount   HUGEINT  what it adds to the cell

-- user 6: registered users
SELECT 'user' AS grid, 6 AS rowid, colid, depth, 0 AS hidden, 1::HUGEINT AS amount
FROM registered_users
UNION ALL
-- user 2: simulation users
SELECT 'user', 2, colid, depth, 0, 1 FROM simulation_users
UNION ALL
-- user 7: unregistered interactive visitors
SELECT 'user', 7, colid, depth, hidden, visitors FROM counted_visitors WHERE kind = 'interactive'
UNION ALL
-- user 3: users known at the addresses of interactive sessions, in columns 1-6 with the visitors of row 7
SELECT 'user', 3, colid, depth, hidden, visitors FROM counted_visitors WHERE kind = 'interactive' AND colid <= 6
UNION ALL
SELECT 'user', 3, colid, depth, 0, 1 FROM known_session_users WHERE kind = 'interactive'
UNION ALL
-- user 8: unregistered downloaders
SELECT 'user', 8, colid, depth, hidden, visitors FROM counted_visitors WHERE kind = 'download'
UNION ALL
-- user 4: users known at the addresses of download sessions, in columns 1-6 with the visitors of row 8
SELECT 'user', 4, colid, depth, hidden, visitors FROM counted_visitors WHERE kind = 'download' AND colid <= 6
UNION ALL
SELECT 'user', 4, colid, depth, 0, 1 FROM known_session_users WHERE kind = 'download'
UNION ALL
-- simusage 1: simulation users
SELECT 'simusage', 1, 1, depth, 0, 1 FROM simulation_users WHERE colid = 1
UNION ALL
-- simusage 2: simulation jobs
SELECT 'simusage', 2, 1, depth, 0, 1 FROM runs WHERE who IS NOT NULL
UNION ALL
-- simusage 6: users with ten minutes of CPU time
SELECT 'simusage', 6, 1, depth, 0, 1 FROM heavy_users
UNION ALL
-- simusage 8: days from first to last run, of users with two runs
SELECT 'simusage', 8, 1, depth_of_two, 0, last_dated_day - first_dated_day
FROM user_runs
WHERE who IS NOT NULL AND last_dated_day > first_dated_day
UNION ALL
-- simusage 9: users with ten runs
SELECT 'simusage', 9, 1, depth_of_ten, 0, 1 FROM user_runs
UNION ALL
-- simusage 10: users whose last run is at least 90 days after their first
SELECT 'simusage', 10, 1, depth, 0, 1 FROM user_runs WHERE who IS NOT NULL AND last_day - first_day >= 90
UNION ALL
-- misc 1: domains
SELECT 'misc', 1, 1, depth, 0, 1 FROM session_domains
UNION ALL
-- misc 2: sessions of 900 seconds or with a tool start
SELECT 'misc', 2, 1, depth, 0, user_sessions FROM session_totals
UNION ALL
-- misc 3: their duration
SELECT 'misc', 3, 1, depth, 0, seconds::HUGEINT FROM session_totals WHERE user_sessions > 0
UNION ALL
-- misc 4: visitors
SELECT 'misc', 4, 1, depth, 0, visitors FROM counted_visitors WHERE kind = 'visit'
UNION ALL
-- misc 5: visits
SELECT 'misc', 5, 1, depth, 0, visits FROM session_totals
UNION ALL
-- misc 6: new accounts
SELECT 'misc', 6, 1, max(depth), 0, 1 FROM profiles WHERE uid IS NOT NULL GROUP BY uid
UNION ALL
-- misc 8: hits; here the instant at which a window starts is inside
SELECT 'misc', 8, 1, depth_from_start(datetime), 0, hits FROM webhits
