-- materialised
-- The profiles: name, residence, organisation and when the account was made.
SELECT
    uidNumber AS uid, fold(username) AS who, coalesce(country_of(countryresident), '') AS country,
    coalesce(fold(orgtype), '') AS orgtype, depth(registerDate) AS depth
FROM xprofiles
