-- The domains of hosts: the last two labels of the name, or more where registries sell below the second
-- (spec 20 §3.2); from a name of two labels a generated prefix is cut off (spec 20 §3.3).
--
-- grain: a host
-- reads: hosts
-- stored: table
-- columns:
--   host    VARCHAR  host as it is stored
--   domain  VARCHAR  domain; `?` if it has none

WITH split AS (
    SELECT host, string_split(name, '.') AS labels FROM hosts
),
named AS (
    SELECT
        host,
        labels,
        labels[-1] AS tld,
        labels[-2] AS sld,
        labels[-3] AS third
    FROM split
),
-- A generated name: four pieces joined by one character, then another one, then the provider's name. Of the pairs of
-- joining and cutting character the first that fits counts, and of its cuts the last.
cut AS (
    SELECT
        *,
        coalesce(
            nullif(regexp_extract(sld, '(?s)^.+-.+-.+-.+-([^-]*.)$', 1), ''),
            nullif(regexp_extract(sld, '(?s)^.+_.+_.+_.+-([^-]*.)$', 1), ''),
            nullif(regexp_extract(sld, '(?s)^.+_.+_.+_.+_([^_]*.)$', 1), ''),
            nullif(regexp_extract(sld, '(?s)^.+-.+-.+-.+_([^_]*.)$', 1), ''),
            sld
        ) AS provider
    FROM named
),
chosen AS (
    SELECT
        host,
        CASE
            WHEN len(labels) < 2 THEN ''
            WHEN len(labels) = 2 THEN provider || '.' || tld
            WHEN len(labels) >= 4 AND tld = 'us' AND third IN ('k12', 'lib', 'cc', 'tec')
                THEN array_to_string(labels[-4:], '.')
            WHEN length(tld) = 2 AND length(sld) = 2 AND sld <> 'ub' THEN array_to_string(labels[-3:], '.')
            WHEN length(tld) = 2 AND sld IN ('com', 'net', 'org', 'edu', 'gov', 'mil', 'ac', 'co', 'ne', 'or', 'ed')
                THEN array_to_string(labels[-3:], '.')
            WHEN tld = 'mil' AND sld IN ('af', 'army', 'navy') THEN array_to_string(labels[-3:], '.')
            ELSE sld || '.' || tld
        END AS domain
    FROM cut
)
SELECT host, CASE WHEN domain IN ('', '.') THEN '?' ELSE domain END AS domain FROM chosen
