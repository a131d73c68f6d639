-- materialised
-- T: the successful tool runs before the windows' end. Depth 0: before all of the windows.
SELECT
    fold("user") AS who, datetime, coalesce(country_of(countryresident), '') AS country,
    coalesce(fold(orgtype), '') AS orgtype, depth(datetime) AS depth
FROM toolstart
