-- What the hub's profiles say of each account, by folded account name and profile key: of several values that are not
-- empty the one with the lowest id, in upper case (a sharp s stays, as on the server).
-- materialised
SELECT
    fold(users.username) AS username,
    fold(profile_key) AS profile_key,
    arg_min(
        array_to_string(list_transform(string_split(profile_value, 'ß'), lambda part: upper(part)), 'ß'), profiles.id
    ) AS value
FROM profiles JOIN users ON users.id = profiles.user_id
WHERE NOT is_empty(profile_value)
GROUP BY ALL
