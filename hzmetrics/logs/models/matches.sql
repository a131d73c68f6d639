-- The lines with what the grammar of their format finds in them (spec 10 §2), at most one of: the tokens of a plain
-- line, the groups of `full` or `short`. 23 fields are tried before 14, and both before the same with an IPv6 address
-- or a zone east of Greenwich.
--
-- grain: a line
-- reads: shapes
-- variables: full_line, full_line_any, short_line, short_line_any
-- columns:
--   number  BIGINT       place of the line in the log
--   shape   VARCHAR      full, short or odd
--   pieces  VARCHAR[]    what is between the quotes
--   head    VARCHAR[]    words before the request
--   middle  VARCHAR[]    words between request and referrer
--   tail    VARCHAR[]    words after the user agent
--   full    STRUCT(...)  fields by the grammar of 23 fields
--   short   STRUCT(...)  fields by the grammar of 14 fields

WITH
tokens AS (
    SELECT
        *,
        string_split(pieces[1], ' ') AS head,
        string_split(pieces[3], ' ') AS middle,
        string_split(pieces[7], ' ') AS tail
    FROM shapes
),
formats AS (
    SELECT
        *,
        CASE
            WHEN shape <> 'odd' THEN NULL
            WHEN regexp_matches(line, getvariable('full_line')) THEN 'full'
            WHEN regexp_matches(line, getvariable('short_line')) THEN 'short'
            WHEN regexp_matches(line, getvariable('full_line_any')) THEN 'full_any'
            WHEN regexp_matches(line, getvariable('short_line_any')) THEN 'short_any'
        END AS format
    FROM tokens
)
SELECT
    number,
    shape,
    pieces,
    head,
    middle,
    tail,
    CASE format
        WHEN 'full' THEN regexp_extract(line, getvariable('full_line'), full_groups())
        WHEN 'full_any' THEN regexp_extract(line, getvariable('full_line_any'), full_groups())
    END AS "full",
    CASE format
        WHEN 'short' THEN regexp_extract(line, getvariable('short_line'), short_groups())
        WHEN 'short_any' THEN regexp_extract(line, getvariable('short_line_any'), short_groups())
    END AS short
FROM formats
