-- How many sessions of a month one correction would change, add or drop (spec 15): of those that only one of the two
-- lists has, the number in the longer.
--
-- grain: the month
-- reads: sessions_before, sessions_after
-- columns:
--   number  BIGINT  number of sessions

SELECT greatest(
    (SELECT count(*) FROM (FROM sessions_before EXCEPT ALL FROM sessions_after)),
    (SELECT count(*) FROM (FROM sessions_after EXCEPT ALL FROM sessions_before))
) AS number
