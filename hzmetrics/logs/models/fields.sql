-- The lines of a hub's log with their fields, the same for both formats.
--
-- grain: a line
-- reads: matches
-- columns:
--   number  BIGINT       place of the line in the log
--   field   STRUCT(...)  fields of the request, by name; NULL if the line has neither format

SELECT
    number,
    CASE
        WHEN shape = 'full' THEN request_fields(
            head[1], head[2], head[3], head[4], pieces[2], middle[2], middle[3], middle[4], pieces[4], pieces[6],
            tail[5], tail[6], tail[7], tail[8], tail[9], tail[10], tail[11], tail[12], tail[13]
        )
        WHEN shape = 'short' THEN request_fields(
            head[1], head[2], head[3], '', pieces[2], middle[2], middle[3], middle[4], pieces[4], pieces[6],
            '', '', array_to_string(tail[5:], ' '), '', '', '', '', '', ''
        )
        WHEN "full" IS NOT NULL THEN "full"
        WHEN short IS NOT NULL THEN request_fields(
            short.day, short.clock, short.zone, '', short.request, short.status, short.size, short.address,
            short.referrer, short.agent, '', '', short.rest, '', '', '', '', '', ''
        )
    END AS field
FROM matches
