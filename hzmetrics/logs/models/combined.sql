-- Requests in the common and combined formats of Apache and nginx, with anything before and after them. A plain line
-- can be cut at its quotes; in others the end of a quoted field that holds quotes is decided by what follows.
--
-- grain: a line of the format
-- reads: classified
-- variables: bracketed, cut_in_agent, loose_time, quoted, quoted_addresses, two_quoted, two_unruly
-- columns:
--   number     BIGINT   place of the line in the log
--   time       VARCHAR  time
--   request    VARCHAR  request line
--   status     VARCHAR  status
--   size       VARCHAR  bytes
--   peer       VARCHAR  what precedes the time
--   referrer   VARCHAR  referrer; NULL if there is none
--   agent      VARCHAR  user agent; NULL if there is none
--   format     VARCHAR  combined
--   forwarded  VARCHAR  where proxies may name clients
--   user       VARCHAR  user
--   host       VARCHAR  empty
--   method     VARCHAR  NULL: part of the request line
--   target     VARCHAR  NULL: part of the request line
--   protocol   VARCHAR  NULL: part of the request line
--   duration   DOUBLE   NULL: not logged

WITH
pieces AS (
    SELECT number, string_split(text, '"') AS piece
    FROM classified
    WHERE format = 'combined'
),
plain AS (
    SELECT
        number,
        string_split(piece[1], '[') AS head,
        string_split(head[2], ']') AS middle,
        string_split(piece[3], ' ') AS answer,
        piece[2] AS request,
        piece[4] AS referrer,
        piece[6] AS agent,
        CASE WHEN len(piece) > 7 THEN '"' || array_to_string(piece[8:], '"') ELSE '' END AS more
    FROM pieces
),
odd AS (
    SELECT
        number,
        stamp,
        CASE format
            WHEN 'bracketed' THEN regexp_extract(text, getvariable('bracketed'), odd_groups())
            ELSE regexp_extract(text, getvariable('quoted'), odd_groups())
        END AS odd
    FROM classified
    WHERE format IN ('bracketed', 'quoted')
),
rests AS (
    SELECT
        number,
        stamp,
        odd,
        CASE
            WHEN NOT contains(odd.rest, '"') THEN NULL
            WHEN regexp_matches(odd.rest, getvariable('two_quoted'))
                THEN regexp_extract(odd.rest, getvariable('two_quoted'), quoted_groups())
            WHEN regexp_matches(odd.rest, getvariable('cut_in_agent'))
                THEN regexp_extract(odd.rest, getvariable('cut_in_agent'), quoted_groups())
            WHEN regexp_matches(odd.rest, getvariable('two_unruly'))
                THEN regexp_extract(odd.rest, getvariable('two_unruly'), quoted_groups())
            WHEN regexp_matches(odd.rest, '^[^"]*"(?:-|[a-z]+://.*|)"[^"]*$')
                THEN {'referrer': regexp_extract(odd.rest, '"(.*)"', 1), 'agent': NULL, 'more': ''}
            ELSE {'referrer': NULL, 'agent': regexp_extract(odd.rest, '"(.*)"', 1), 'more': ''}
        END AS quoted
    FROM odd
),
asked AS (
    SELECT
        number,
        middle[1] AS time,
        request,
        answer[2] AS status,
        answer[3] AS size,
        head[1] AS peer,
        middle[2] AS middle,
        more,
        referrer,
        agent
    FROM plain
    UNION ALL
    SELECT
        number,
        CASE
            WHEN odd.time <> '' THEN odd.time
            ELSE coalesce(nullif(regexp_extract(odd.head, getvariable('loose_time')), ''), stamp)
        END,
        CASE
            WHEN contains(odd.request, '" "') THEN regexp_extract(odd.request, '^.*" "(.*)$', 1)
            ELSE unescaped(odd.request)
        END,
        odd.status,
        nullif(odd.size, ''),
        odd.head,
        odd.middle,
        quoted.more,
        unescaped(quoted.referrer),
        unescaped(quoted.agent)
    FROM rests
)
SELECT
    * EXCLUDE (middle, more),
    'combined' AS format,
    concat(
        CASE WHEN middle IN (' ', '') THEN '' ELSE middle END,
        CASE WHEN contains(more, '"') THEN ' ' || regexp_extract(more, getvariable('quoted_addresses'), 1) ELSE '' END
    ) AS forwarded,
    CASE
        WHEN ends_with(peer, ' - - ') THEN '-'
        ELSE coalesce(
            nullif(regexp_extract(peer, '^[0-9A-Fa-f.:]+ \S+ (\S.*?)\s*$', 1), ''), regexp_extract(peer, '(\S+)\s*$', 1)
        )
    END AS "user",
    '' AS host,
    NULL::VARCHAR AS method,
    NULL::VARCHAR AS target,
    NULL::VARCHAR AS protocol,
    NULL::DOUBLE AS duration
FROM asked
