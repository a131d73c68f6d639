-- UL: who logged in or started a simulation, from which address, on which day; of all time, the future included. What is
-- made of the texts never changes later: snapshots hold these rows of a year (spec 50 §16).
--
-- grain: a user, address, day and moment
-- reads: userlogin_lite
-- variables: pseudonym_key
-- columns:
--   who      VARCHAR  folded user name
--   address  UBIGINT  identity of the address
--   day      VARCHAR  YYYY-MM-DD
--   moment   VARCHAR  moment of the logins

SELECT who, short_identity(ip) AS address, day, moment
FROM (
    SELECT DISTINCT
        fold("user") AS who, address_of(ip, pseudonym) AS ip, left(datetime, 10) AS day, moment(datetime) AS moment
    FROM userlogin_lite
)
ORDER BY day, who, address, moment
