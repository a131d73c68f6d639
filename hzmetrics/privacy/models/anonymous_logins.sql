-- The logins with a shortened address, and the pseudonym that is stored beside them (spec 67). Logins that would be equal
-- then are numbered in the last part of the address: no row is lost, and the key of the table holds.
--
-- grain: a login
-- reads: userlogin
-- variables: pseudonym_key
-- columns:
--   id         BIGINT   number of the row
--   ip         VARCHAR  shortened address
--   pseudonym  VARCHAR  pseudonym of the address

WITH placed AS (
    SELECT *, row_number() OVER (
        PARTITION BY datetime, fold("user"), uidNumber, fold(action), shortened(ip)
        ORDER BY pseudonym IS NULL, length(ip), ip, id
    ) - 1 AS place
    FROM userlogin
)
SELECT id, numbered(shortened(ip), place) AS ip, pseudonym(ip, NULL) AS pseudonym
FROM placed
WHERE pseudonym IS NULL
