-- Every line that has the shape of an auth line (spec 10 §6.1): when (NULL if there is no such time), who, whence, what.
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
    existing_time(day, clock) AS datetime,
    CASE WHEN user_name = '' THEN '-' ELSE user_name END AS "user",
    -- the id token of the framework's shape may be anything
    CASE WHEN regexp_full_match(uid, '[0-9]+') THEN whole_number(uid, 0, 9223372036854775807) ELSE 0 END AS "uidNumber",
    address,
    action
FROM matched
