-- known: the users of an address, by their logins of all time, so in every window. Correction `dated-logins`: only in
-- the windows of those logins.
SELECT ip, who, CASE WHEN (SELECT dated_logins FROM corrections) THEN max(depth) ELSE everywhere() END AS depth
FROM logins
GROUP BY ip, who
