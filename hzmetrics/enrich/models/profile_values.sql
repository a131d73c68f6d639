-- What the hub's profiles say about each account: of several values that are not empty the one with the lowest number,
-- in upper case, except a sharp s, as on the server (spec 20 §8).
--
-- grain: an account and profile key
-- reads: users, user_profiles
-- stored: table
-- columns:
--   username     VARCHAR  folded user name
--   profile_key  VARCHAR  folded key
--   value        VARCHAR  value

SELECT
    fold(users.username) AS username,
    fold(profile_key) AS profile_key,
    arg_min(
        array_to_string(list_transform(string_split(profile_value, 'ß'), lambda part: upper(part)), 'ß'), user_profiles.id
    ) AS value
FROM user_profiles JOIN users ON users.id = user_profiles.user_id
WHERE NOT is_empty(profile_value)
GROUP BY ALL
