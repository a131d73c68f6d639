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

-- Minutes east of Greenwich that a zone means; NULL for the hub's own zone: for none, and for a name that several zones
-- use. `zone_names` and `zone_minutes` are the names that only one uses.
CREATE OR REPLACE MACRO offset_minutes(zone_text) AS CASE
    WHEN zone_text IN ('', '-') THEN NULL
    WHEN zone_text IN ('+0000', 'Z', 'UTC', 'GMT', '+00:00', 'z') THEN 0
    WHEN regexp_full_match(zone_text, '(?:UTC|GMT)?[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?')
        THEN CASE WHEN contains(zone_text, '-') THEN -1 ELSE 1 END * (
            regexp_extract(zone_text, '[+-](\d\d)', 1)::INTEGER * 60
            + coalesce(TRY_CAST(regexp_extract(zone_text, '[+-]\d\d:?(\d\d)', 1) AS INTEGER), 0)
        )
    ELSE getvariable('zone_minutes')[list_position(getvariable('zone_names'), zone_text)]::INTEGER
END;

-- A time of the year 1 to 9999 without its fraction as it is stored.
CREATE OR REPLACE MACRO written(t) AS CASE
    WHEN t BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59' THEN date_trunc('second', t)::VARCHAR
END;

-- A UTC time on the hub's clock.
CREATE OR REPLACE MACRO hub_clock(t) AS timezone(getvariable('hub_zone'), timezone('UTC', t));

-- A local time less its offset from Greenwich: UTC.
CREATE OR REPLACE MACRO less_minutes(t, minutes) AS t - to_minutes(minutes);

-- A stored time of a zone on the hub's clock.
CREATE OR REPLACE MACRO to_hub_clock(t, zone_text) AS CASE
    WHEN offset_minutes(zone_text) IS NULL THEN t
    ELSE written(hub_clock(less_minutes(t::TIMESTAMP, offset_minutes(zone_text))))
END;

-- The local time that a server wrote: Apache's and nginx's, ISO 8601 with `T` or a blank, Go's, that of mails; NULL if there
-- is no such time.
CREATE OR REPLACE MACRO local_time(t) AS CASE
    WHEN t[3] = '/' THEN try_strptime(t[1:20], ['%d/%b/%Y:%H:%M:%S', '%d/%b/%Y %H:%M:%S'])
    WHEN t[5] = '-' AND t[14] = ':' THEN TRY_CAST(t[1:19] AS TIMESTAMP)
    WHEN t[5] = '/' THEN try_strptime(t[1:19], '%Y/%m/%d %H:%M:%S')
    WHEN t[4] = ',' THEN try_strptime(t[6:25], '%d %b %Y %H:%M:%S')
END;

-- What follows the local time and its fraction: its zone.
CREATE OR REPLACE MACRO zone_of(t) AS CASE
    WHEN strlen(t) = 26 AND t[21] = ' ' THEN t[22:26]
    ELSE regexp_extract(
        substr(t, CASE WHEN t[3] = '/' THEN 21 WHEN t[4] = ',' THEN 26 ELSE 20 END), '^(?:[.,]\d+)?\s*(.*?)\s*$', 1
    )
END;

CREATE OR REPLACE MACRO is_epoch(t) AS regexp_full_match(t, '\d{9,19}(?:\.\d*)?');

-- A number of seconds, milliseconds, microseconds or nanoseconds since 1970, by its number of digits.
CREATE OR REPLACE MACRO epoch_time(t) AS make_timestamp((CASE
    WHEN strpos(t || '.', '.') <= 11 THEN TRY_CAST(t AS DOUBLE) * 1000000
    WHEN strpos(t || '.', '.') <= 14 THEN TRY_CAST(t AS DOUBLE) * 1000
    WHEN strpos(t || '.', '.') <= 17 THEN TRY_CAST(t AS DOUBLE)
    ELSE TRY_CAST(t AS DOUBLE) / 1000
END)::BIGINT);
