-- The rows without a value whose user's profile has one for the wanted key.
--
-- grain: a row
-- reads: rows_without_value, profile_values, wanted_key
-- columns:
--   row    BIGINT   number of the row
--   value  VARCHAR  value

SELECT rows_without_value.row, profile_values.value
FROM rows_without_value
JOIN profile_values ON profile_values.username = fold(rows_without_value.user)
WHERE profile_values.profile_key = (SELECT fold(profile_key) FROM wanted_key)
ORDER BY rows_without_value.row
