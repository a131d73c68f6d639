-- The lines, each split into its fields at white space. Nearly every line is printable ASCII with a single blank between
-- fields; those are split without a regular expression.
--
-- grain: a line
-- reads: lines
-- columns:
--   number  BIGINT     number in the file
--   fields  VARCHAR[]  fields; none if the line is blank

SELECT
    number,
    CASE
        WHEN plain AND NOT list_contains(parts, '') THEN parts
        ELSE list_filter(regexp_split_to_array(line, '[\s\v\pZ\x{85}\x1c-\x1f]+'), lambda part: part <> '')
    END AS fields
FROM (
    SELECT number, line, string_split(line, ' ') AS parts, NOT regexp_matches(line, '[^ -~]') AS plain
    FROM lines
)
