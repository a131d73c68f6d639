-- The lines that need a closer look, without what a log collector put around them, without colors and line ends.
--
-- grain: a line
-- reads: other_lines
-- variables: collector, json_client VARCHAR[], json_message VARCHAR[], json_request VARCHAR[], json_time VARCHAR[],
--   own_line
-- stored: arrow
-- columns:
--   number   BIGINT   place of the line in the log
--   text     VARCHAR  text as the server wrote it
--   stamp    VARCHAR  time that the collector wrote, if it wrote one with a year
--   is_json  BOOLEAN  true if the text is a JSON object that is a request

WITH
bare AS (
    SELECT
        number,
        line,
        CASE
            WHEN regexp_matches(line, getvariable('own_line')) THEN line
            WHEN regexp_matches(line, getvariable('collector')) OR contains(line, chr(27)) OR contains(line, '#033[')
                THEN peeled(peeled(uncolored(line)))
            ELSE line
        END AS rest
    FROM other_lines
),
objects AS (
    SELECT
        number,
        line,
        CASE
            WHEN regexp_matches(rest, getvariable('own_line')) OR starts_with(rest, '{') OR NOT ends_with(rtrim(rest), '}') OR NOT contains(rest, '{"') THEN rest
            ELSE substr(rest, strpos(rest, '{"'))
        END AS text,
        starts_with(text, '{') AND json_valid(text) AS is_object
    FROM bare
),
wrapped AS (
    SELECT
        *,
        CASE
            WHEN is_object
                AND NOT (
                    list_has_any(json_keys(text), getvariable('json_request'))
                    AND list_has_any(json_keys(text), getvariable('json_client'))
                )
                THEN list_any_value(json_extract_string(text, getvariable('json_message')))
        END AS message
    FROM objects
)
SELECT
    number,
    -- the journal makes a list of bytes of a text that is not plain
    CASE
        WHEN message IS NULL THEN text
        WHEN regexp_full_match(message, '\[\d{1,3}(?:,\d{1,3})*\]')
            THEN rtrim(peeled(uncolored(of_codes(message))), chr(13) || chr(10))
        ELSE rtrim(peeled(uncolored(message)), chr(13) || chr(10))
    END AS text,
    CASE
        WHEN message IS NOT NULL THEN list_any_value(json_extract_string(text, getvariable('json_time')))
        WHEN strlen(text) < strlen(line)
            THEN regexp_extract(
                left(line, length(line) - length(text)), '\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)? ?(?:Z|[+-]\d\d:?\d\d)?'
            )
    END AS stamp,
    is_object AND message IS NULL OR starts_with(message, '{') AND json_valid(message) AS is_json
FROM wrapped
