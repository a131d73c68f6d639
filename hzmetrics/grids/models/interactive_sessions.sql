-- A: interactive sessions: at least 900 seconds, no tool started.
SELECT * FROM sessions WHERE jobs = 0 AND duration >= 900
