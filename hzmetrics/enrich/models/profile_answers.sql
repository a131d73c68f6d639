-- The empty columns of rows whose user's profile has a value for them (spec 20 §8).
--
-- grain: a row and column
-- reads: rows_without_value, profile_values, wanted_keys
-- columns:
--   row     BIGINT   number of the row
--   column  VARCHAR  name of the column
--   value   VARCHAR  value

SELECT lacking.row, wanted_keys."column", profile_values.value
FROM rows_without_value
UNPIVOT INCLUDE NULLS (stored FOR "column" IN (countrycitizen, countryresident, orgtype)) AS lacking
JOIN wanted_keys USING ("column")
JOIN profile_values
    ON profile_values.username = fold(lacking.user)
    AND profile_values.profile_key = fold(wanted_keys.profile_key)
WHERE is_empty(lacking.stored)
ORDER BY lacking.row
