-- The lines that may be a hub's, cut at their quotes, with how much doubt there is about their fields: `full` and
-- `short` lines can be read in only one way (23 and 14 fields); `odd` lines need the whole grammar. Each piece has its
-- condition in the grammar (`grammar.PLAIN_*`).
--
-- grain: a line
-- reads: hub_lines
-- variables: plain_head_full, plain_head_short, plain_middle, plain_tail_full, plain_tail_short
-- columns:
--   number  BIGINT     place of the line in the log
--   line    VARCHAR    text
--   pieces  VARCHAR[]  what is between the quotes
--   shape   VARCHAR    full, short or odd

SELECT
    number,
    line,
    pieces,
    CASE
        WHEN len(pieces) <> 7 OR pieces[2] = '' OR pieces[5] <> ' '
            OR NOT regexp_full_match(pieces[3], getvariable('plain_middle')) THEN 'odd'
        WHEN regexp_full_match(pieces[1], getvariable('plain_head_full'))
            AND regexp_full_match(pieces[7], getvariable('plain_tail_full')) THEN 'full'
        WHEN regexp_full_match(pieces[1], getvariable('plain_head_short'))
            AND regexp_full_match(pieces[7], getvariable('plain_tail_short')) THEN 'short'
        ELSE 'odd'
    END AS shape
FROM (SELECT number, line, string_split(line, '"') AS pieces FROM hub_lines)
