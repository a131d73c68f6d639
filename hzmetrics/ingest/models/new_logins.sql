-- The arriving logins that equal no present one and none before them, under the collation (spec 10 §6.3).
--
-- grain: a login
-- reads: arriving_logins, present_logins
-- columns:
--   number     BIGINT   place among those that arrive
--   datetime   VARCHAR  time
--   user       VARCHAR  user name
--   uidNumber  BIGINT   number of the account
--   ip         VARCHAR  address
--   action     VARCHAR  what was done

SELECT number, datetime, "user", "uidNumber", ip, action
FROM arriving_logins AS row
WHERE NOT EXISTS (
    SELECT 1
    FROM present_logins
    WHERE present_logins.datetime = row.datetime
        AND present_logins."uidNumber" = row."uidNumber"
        AND fold(present_logins."user") = fold(row."user")
        AND fold(present_logins.ip) = fold(row.ip)
        AND fold(present_logins.action) = fold(row.action)
)
QUALIFY row_number() OVER (
    PARTITION BY datetime, "uidNumber", fold("user"), fold(ip), fold(action) ORDER BY number
) = 1
ORDER BY number
