-- The events of an auth log (spec 10 §6.1).
--
-- grain: an event
-- reads: auth_matches
-- stored: arrow
-- columns:
--   number     BIGINT   place of the line in the log
--   day        VARCHAR  YYYY-MM-DD, as logged
--   datetime   VARCHAR  wall-clock time; NULL if there is no such time
--   user       VARCHAR  user name; `-` if there is none
--   uidNumber  BIGINT   number of the account; 0 if it is not known
--   address    VARCHAR  client
--   action     VARCHAR  what was done

WITH
matched AS (
    SELECT
        number,
        coalesce(numbered.day, named.day) AS day,
        coalesce(numbered.clock, named.clock) AS clock,
        coalesce(numbered.uid, '') AS uid,
        CASE
            WHEN named IS NULL THEN rtrim(ltrim(numbered.user, '['), ']')
            ELSE regexp_replace(named.user, '^[\s\v]+|[\s\v]+$', '', 'g')
        END AS user_name,
        coalesce(numbered.address, named.address) AS address,
        coalesce(numbered.action, named.action) AS action
    FROM auth_matches
)
SELECT
    number,
    day,
    existing_time(day, existing_clock(clock)) AS datetime,
    CASE WHEN user_name = '' THEN '-' ELSE user_name END AS "user",
    -- the id token of the framework's shape may be anything
    CASE WHEN regexp_full_match(uid, '[0-9]+') THEN whole_number(uid, 0, 9223372036854775807) ELSE 0 END AS "uidNumber",
    address,
    action
FROM matched
