-- The lines that are no comments, each split into its fields at white space.
--
-- grain: a line
-- reads: lines
-- stored: table
-- columns:
--   number  BIGINT     number in the file
--   fields  VARCHAR[]  fields; none if the line is blank

SELECT
    number,
    list_filter(regexp_split_to_array(line, '[\s\v\pZ\x{85}\x1c-\x1f]+'), lambda part: part <> '') AS fields
FROM lines
WHERE NOT starts_with(line, '#')
