-- The rows of `arriving` that equal no row of `present` and no row before them, under the collation (spec 10 §6.3). All
-- values are as they are stored.
SELECT datetime, "user", "uidNumber", ip, action
FROM arriving AS row
WHERE NOT EXISTS (
    SELECT 1
    FROM present
    WHERE present.datetime = row.datetime
        AND present."uidNumber" = row."uidNumber"
        AND fold(present."user") = fold(row."user")
        AND fold(present.ip) = fold(row.ip)
        AND fold(present.action) = fold(row.action)
)
QUALIFY row_number() OVER (
    PARTITION BY datetime, "uidNumber", fold("user"), fold(ip), fold(action) ORDER BY number
) = 1
ORDER BY number
