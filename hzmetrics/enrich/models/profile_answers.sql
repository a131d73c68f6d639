-- The rows that lack the value of the profile key in `asked` and whose user's profile has it.
SELECT lacking.row, profile_values.value
FROM lacking
JOIN profile_values ON profile_values.username = fold(lacking.user)
WHERE profile_values.profile_key = (SELECT fold(profile_key) FROM asked)
ORDER BY lacking.row
