-- Times and numbers as logs write them.

-- Day and time of day (`HH:MM:SS`) as stored, NULL if there is no such time.
CREATE OR REPLACE MACRO stamp(day, clock) AS CASE
    WHEN day >= '0001' AND clock < '24' AND TRY_CAST(day AS DATE) IS NOT NULL AND TRY_CAST(clock AS TIME) IS NOT NULL
        THEN day || ' ' || clock
END;

-- As `stamp`, for hours of any number of digits (spec 10 §2.4).
CREATE OR REPLACE MACRO existing_time(day, clock) AS CASE
    WHEN strlen(clock) = 8 THEN stamp(day, clock)
    WHEN strlen(ltrim(clock, '0')) <= 8 THEN stamp(day, lpad(ltrim(clock, '0'), 8, '0'))
END;

-- The integer a text is, kept within limits; 0 if it is none (spec 10 §2.6). Texts of any length.
CREATE OR REPLACE MACRO whole_number(t, low, high) AS CASE
    WHEN NOT regexp_full_match(t, '-?[0-9]+') THEN 0
    ELSE greatest(low, least(high, coalesce(
        TRY_CAST(t AS HUGEINT), CASE WHEN starts_with(t, '-') THEN low ELSE high END
    )))::BIGINT
END;
