-- T: the successful tool runs before the windows' end.
--
-- grain: a run
-- reads: toolstart, windows
-- corrections: window-start, countries
-- stored: table
-- columns:
--   who       VARCHAR  folded user name; NULL if not known
--   datetime  VARCHAR  time of the start
--   country   VARCHAR  folded country of residence; empty if not given
--   orgtype   VARCHAR  folded kind of organization; empty if not given
--   depth     BIGINT   depth of the start; 0: before all of the windows

SELECT
    fold("user") AS who, datetime, coalesce(country_of(countryresident), '') AS country,
    coalesce(fold(orgtype), '') AS orgtype, depth(datetime) AS depth
FROM toolstart
WHERE datetime < (SELECT max(stop) FROM windows)
