-- The profiles of the hub's accounts.
--
-- grain: an account
-- reads: xprofiles, windows
-- corrections: window-start, countries
-- stored: table
-- columns:
--   uid      BIGINT   number of the account
--   who      VARCHAR  folded user name
--   country  VARCHAR  folded country of residence; empty if not given
--   orgtype  VARCHAR  folded kind of organization; empty if not given
--   depth    BIGINT   depth of the registration

SELECT
    uidNumber AS uid, fold(username) AS who, coalesce(country_of(countryresident), '') AS country,
    coalesce(fold(orgtype), '') AS orgtype, depth(registerDate) AS depth
FROM xprofiles
