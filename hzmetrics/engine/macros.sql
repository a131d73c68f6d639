-- What every model may use. Two texts are equal under the collation (spec 50 §5) when their folded forms are.

-- The folded form of a text. Plain ASCII, nearly everything, is folded here; the rest by the table of weights.
CREATE OR REPLACE MACRO fold(t) AS
    CASE WHEN strlen(t) = length(t) THEN upper(rtrim(t, ' ')) ELSE fold_any(t) END;

-- As `fold`, but trailing blanks count: for tests in the manner of LIKE.
CREATE OR REPLACE MACRO fold_like(t) AS
    CASE WHEN strlen(t) = length(t) THEN upper(t) ELSE fold_any_blanks(t) END;

-- NULL, or nothing but blanks (spec 20 §1.2).
CREATE OR REPLACE MACRO is_empty(t) AS
    t IS NULL OR rtrim(t, ' ') = '';

-- Whether a text that an address database gives as a country's code is none: a continent, a proxy, a satellite provider,
-- an anonymity network, or a code for "unknown". Correction `countries` (spec 15).
CREATE OR REPLACE MACRO is_no_country(t) AS fold(t) IN ('EU', 'AP', 'A1', 'A2', 'O1', 'XX', 'ZZ', 'T1');

-- A whole number as a column of 64 bits holds it: one that is too large as the largest (spec 70 §1.1).
CREATE OR REPLACE MACRO as_bigint(x) AS
    CASE WHEN x >= 9223372036854775807 THEN 9223372036854775807 ELSE CAST(x AS BIGINT) END;

-- Whether a correction is in force (spec 15). The engine is told once, so this is a constant.
CREATE OR REPLACE MACRO corrected(name) AS
    list_contains(getvariable('corrections'), name);

-- The integer a text is, kept within limits; 0 if it is none (spec 10 §2.6). Texts of any length.
CREATE OR REPLACE MACRO whole_number(t, low, high) AS CASE
    WHEN NOT regexp_full_match(t, '-?[0-9]+') THEN 0
    ELSE greatest(low, least(high, coalesce(
        TRY_CAST(t AS HUGEINT), CASE WHEN starts_with(t, '-') THEN low ELSE high END
    )))::BIGINT
END;
