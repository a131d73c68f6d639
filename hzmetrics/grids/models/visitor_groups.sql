-- Visitors that count alike, of one part of them: there are few ways to count. A visitor with several countries or classes
-- is a group alone.
--
-- grain: a group, country and class
-- reads: visitors
-- stored: table
-- columns:
--   number          BIGINT   number of the group
--   visitors        BIGINT   number of visitors in it
--   country         VARCHAR  folded country of the address; empty if not known
--   class           BIGINT   class of the domain; 0 if it has none
--   hidden          BIGINT   depth of the latest login from the address; 0: none
--   visit           BIGINT   depth of the latest visit; 0: none
--   interactive     BIGINT   depth of the latest interactive session
--   download        BIGINT   depth of the latest download session under 900 seconds (G8)
--   dated_download  BIGINT   depth of the latest such session and its download (G8W)

WITH several AS (
    SELECT address, host, -row_number() OVER () AS number
    FROM (SELECT address, host FROM visitors GROUP BY address, host HAVING count(*) > 1)
)
SELECT row_number() OVER () AS number, *
FROM (
    SELECT count(*) AS visitors, * EXCLUDE (address, host) FROM visitors ANTI JOIN several USING (address, host) GROUP BY ALL
)
UNION ALL
SELECT number, 1, * EXCLUDE (address, host, number) FROM visitors JOIN several USING (address, host)
