-- The lines of an auth log with what the first fitting shape finds in them (spec 10 §6.1); after the three shapes, the
-- same with an IPv6 address.
--
-- grain: a line with a shape
-- reads: lines
-- variables: auth_framework, auth_framework_any, auth_name, auth_name_any, auth_number, auth_number_any
-- columns:
--   number    BIGINT       place of the line in the log
--   shape     VARCHAR      name of the shape
--   numbered  STRUCT(...)  fields of a shape with a user number
--   named     STRUCT(...)  fields of the shape without

WITH shapes AS (
    SELECT
        number,
        line,
        CASE
            WHEN regexp_matches(line, getvariable('auth_number')) THEN 'number'
            WHEN regexp_matches(line, getvariable('auth_framework')) THEN 'framework'
            WHEN regexp_matches(line, getvariable('auth_name')) THEN 'name'
            WHEN regexp_matches(line, getvariable('auth_number_any')) THEN 'number_any'
            WHEN regexp_matches(line, getvariable('auth_framework_any')) THEN 'framework_any'
            WHEN regexp_matches(line, getvariable('auth_name_any')) THEN 'name_any'
        END AS shape
    FROM lines
)
SELECT
    number,
    shape,
    CASE shape
        WHEN 'number' THEN regexp_extract(line, getvariable('auth_number'), auth_groups())
        WHEN 'number_any' THEN regexp_extract(line, getvariable('auth_number_any'), auth_groups())
        WHEN 'framework' THEN regexp_extract(line, getvariable('auth_framework'), auth_groups())
        WHEN 'framework_any' THEN regexp_extract(line, getvariable('auth_framework_any'), auth_groups())
    END AS numbered,
    CASE shape
        WHEN 'name' THEN regexp_extract(line, getvariable('auth_name'), auth_name_groups())
        WHEN 'name_any' THEN regexp_extract(line, getvariable('auth_name_any'), auth_name_groups())
    END AS named
FROM shapes
WHERE shape IS NOT NULL
