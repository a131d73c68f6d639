-- What every model may use. Two texts are equal under the collation (spec 50 §5) when their folded forms are.

-- The folded form of a text. Plain ASCII, nearly everything, is folded here; the rest by the table of weights.
CREATE OR REPLACE MACRO fold(t) AS CASE
    WHEN strlen(t) <> length(t) THEN fold_any(t)
    WHEN ends_with(t, ' ') THEN upper(rtrim(t, ' '))
    ELSE upper(t)
END;

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

-- Where an address has been shortened, the column `host` holds a pseudonym instead of a name (spec 67): `#ADDRESS`, and
-- `#ADDRESS#HOST` where there was a host, as keyed digests. No name of a host contains `#`. Without a key there are none.
CREATE OR REPLACE MACRO digest(t) AS left(sha256(getvariable('pseudonym_key') || chr(31) || t), 16);

-- The digest of a folded address. Two that the models treat apart, and that are nobody's, stay themselves.
CREATE OR REPLACE MACRO address_digest(ip) AS CASE WHEN ip IN ('', '127.0.0.1') THEN ip ELSE digest(ip) END;

-- The pseudonym of an address and its host, which may be NULL.
CREATE OR REPLACE MACRO pseudonym(ip, host) AS
    '#' || address_digest(fold(ip)) || coalesce('#' || digest(fold(host)), '');

-- What tells an address from others: its folded form, or its digest where there are pseudonyms.
CREATE OR REPLACE MACRO address_of(ip, host) AS CASE
    WHEN getvariable('pseudonym_key') = '' THEN fold(ip)
    WHEN starts_with(host, '#') THEN split_part(host, '#', 2)
    ELSE address_digest(fold(ip))
END;

-- What tells a visitor from others at the same address; NULL without a host.
CREATE OR REPLACE MACRO visitor_host(host) AS CASE
    WHEN getvariable('pseudonym_key') = '' THEN fold(host)
    WHEN NOT starts_with(host, '#') THEN digest(fold(host))
    WHEN contains(substr(host, 2), '#') THEN split_part(host, '#', 3)
END;

-- What tells a visitor, an address and its host, from others; NULL without a host.
CREATE OR REPLACE MACRO visitor_of(ip, host) AS CASE
    WHEN getvariable('pseudonym_key') = '' THEN fold(ip) || chr(31) || fold(host)
    WHEN NOT starts_with(host, '#') THEN pseudonym(ip, host)
    WHEN contains(substr(host, 2), '#') THEN host
END;

-- HMAC-SHA-256 of a text. The variables `hmac_inner` and `hmac_outer` are the key, as the two passes need it.
CREATE OR REPLACE MACRO hmac(t) AS
    sha256(getvariable('hmac_outer') || unhex(sha256(getvariable('hmac_inner') || encode(t))));

-- What stands for a text in files for others (docs/lake.md): texts of different kinds have different codes.
CREATE OR REPLACE MACRO code(kind, t) AS left(hmac(kind || chr(31) || t), 32);

-- The code of an address that `address_of` gives. Two that the models treat apart stay themselves.
CREATE OR REPLACE MACRO address_code(address) AS
    CASE WHEN address IN ('', '127.0.0.1') THEN address ELSE code('address', address) END;

-- The code of a user. Who is no person (spec 50 §9) can still be told.
CREATE OR REPLACE MACRO user_code(name) AS CASE
    WHEN fold(name) IN ('', 'GRIDSTAT') THEN name
    WHEN starts_with(fold_like(name), 'HCTEST') THEN 'hctest' || code('user', fold(name))
    ELSE code('user', fold(name))
END;

-- What tells addresses and visitors apart in little room. Two texts with one identity would have to be constructed.
CREATE OR REPLACE MACRO identity(t) AS md5(t)::UUID;

-- The same in half of the room: of five million texts, two have one identity with a chance of one in a million.
CREATE OR REPLACE MACRO short_identity(t) AS (md5_number(t) >> 64)::UBIGINT;

-- The integer a text is, kept within limits; 0 if it is none (spec 10 §2.6). Texts of any length.
CREATE OR REPLACE MACRO whole_number(t, low, high) AS CASE
    WHEN NOT regexp_full_match(t, '-?[0-9]+') THEN 0
    ELSE greatest(low, least(high, coalesce(
        TRY_CAST(t AS HUGEINT), CASE WHEN starts_with(t, '-') THEN low ELSE high END
    )))::BIGINT
END;

-- Which of the logs that are read together a line is of, from 0 on. The line numbers of each begin at a multiple of 2^40
-- (`logs.reader.LOG`).
CREATE OR REPLACE MACRO log_of(number) AS number >> 40;
