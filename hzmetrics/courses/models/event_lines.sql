-- event_lines: the lines of a block, each split into its fields at white space.
-- Nearly every line is printable ASCII, its fields a single blank apart: those are split without a regular expression.
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
