-- What the models of log lines share: times, URLs, what servers and collectors write around them, and the groups of the
-- grammars by name.

-- A time of day as stored, `HH:MM:SS`, of one with hours of any number of digits; NULL if there is no such time (spec 10 §2.4).
CREATE MACRO padded_clock(clock) AS
    CASE WHEN strlen(clock) = 8 THEN clock WHEN strlen(ltrim(clock, '0')) <= 8 THEN lpad(ltrim(clock, '0'), 8, '0') END;

CREATE MACRO existing_clock(clock) AS CASE
    WHEN padded_clock(clock) < '24' AND TRY_CAST(padded_clock(clock) AS TIME) IS NOT NULL THEN padded_clock(clock)
END;

-- Day and existing time of day as stored; NULL if there is no such time.
CREATE MACRO existing_time(day, clock) AS
    CASE WHEN day >= '0001' AND TRY_CAST(day AS DATE) IS NOT NULL THEN day || ' ' || clock END;

-- Minutes east of Greenwich that a zone means; NULL for the hub's own zone (`zones.offset`). No zone has a blank.
CREATE MACRO offset_minutes(zone_text) AS
    CASE WHEN NOT contains(zone_text, ' ') THEN TRY_CAST(zone_offset(getvariable('hub_zone') || ' ' || zone_text) AS INTEGER) END;

-- Whether a time is of the years 1 to 9999.
CREATE MACRO is_storable(t) AS t BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59';

-- A time as it is stored, without its fraction; NULL if it cannot be stored.
CREATE MACRO written(t) AS CASE WHEN is_storable(t) THEN date_trunc('second', t)::VARCHAR END;

-- A UTC time on the hub's clock.
CREATE MACRO hub_clock(t) AS timezone(getvariable('hub_zone'), make_timestamptz(epoch_us(t)));

-- A local time less its offset from Greenwich: UTC.
CREATE MACRO less_minutes(t, minutes) AS t - to_minutes(minutes);

-- A stored time of a zone on the hub's clock.
CREATE MACRO to_hub_clock(t, zone_text) AS CASE
    WHEN offset_minutes(zone_text) IS NULL THEN t
    ELSE written(hub_clock(less_minutes(t::TIMESTAMP, offset_minutes(zone_text))))
END;

-- The local time that a server wrote: Apache's and nginx's, ISO 8601 with `T` or a blank, Go's, that of mails; NULL if there
-- is no such time.
CREATE MACRO local_time(t) AS CASE
    WHEN t[3] = '/' THEN try_strptime(replace(left(t, 20), ' ', ':'), '%d/%b/%Y:%H:%M:%S')
    WHEN t[5] = '-' AND t[14] = ':' THEN TRY_CAST(t[1:19] AS TIMESTAMP)
    WHEN t[5] = '/' THEN try_strptime(t[1:19], '%Y/%m/%d %H:%M:%S')
    WHEN t[4] = ',' THEN try_strptime(t[6:25], '%d %b %Y %H:%M:%S')
END;

-- What follows the local time and its fraction: its zone.
CREATE MACRO zone_of(t) AS CASE
    WHEN strlen(t) = 26 AND t[21] = ' ' THEN t[22:26]
    WHEN strlen(t) = 25 AND t[5] = '-' AND t[20] IN ('+', '-') THEN t[20:25]
    ELSE regexp_extract(
        substr(t, CASE WHEN t[3] = '/' THEN 21 WHEN t[4] = ',' THEN 26 ELSE 20 END), '^(?:[.,]\d+)?\s*(.*?)\s*$', 1
    )
END;

CREATE MACRO is_epoch(t) AS regexp_full_match(t, '\d{9,19}(?:\.\d*)?');

-- A number of seconds, milliseconds, microseconds or nanoseconds since 1970, by its number of digits.
CREATE MACRO epoch_time(t) AS make_timestamp((CASE
    WHEN strpos(t || '.', '.') <= 11 THEN TRY_CAST(t AS DOUBLE) * 1000000
    WHEN strpos(t || '.', '.') <= 14 THEN TRY_CAST(t AS DOUBLE) * 1000
    WHEN strpos(t || '.', '.') <= 17 THEN TRY_CAST(t AS DOUBLE)
    ELSE TRY_CAST(t AS DOUBLE) / 1000
END)::BIGINT);

-- The path and query of an absolute URL; NULL if `url` is none: `-`, `*`, or what no browser sends.
CREATE MACRO path_of(url) AS CASE
    WHEN regexp_matches(url, '^[A-Za-z][A-Za-z0-9+.-]*://')
        THEN regexp_replace(url, '^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*/?', '/')
END;

-- A URL with every run of slashes as one (spec 10 §2.5).
CREATE MACRO collapsed(url) AS
    CASE WHEN contains(url, '//') THEN regexp_replace(url, '/+', '/', 'g') ELSE url END;

-- A text as the client sent it: without the escapes of Apache and nginx.
CREATE MACRO unescaped(t) AS CASE WHEN contains(t, '\') THEN unescape(t) ELSE t END;

-- The text behind the prefix of a collector (`collectors`).
CREATE MACRO peeled(t) AS regexp_replace(t, getvariable('collector'), '\1');

-- A text without the colors of a terminal, which syslog writes as `#033[`.
CREATE MACRO uncolored(t) AS CASE
    WHEN contains(t, chr(27)) OR contains(t, '#033[')
        THEN regexp_replace(t, '(?:\x1b|#033)\[[0-9;]*[A-Za-z]', '', 'g')
    ELSE t
END;

-- The cells of a row in the W3C extended format: separated by tabs, or by blanks outside of quotes.
CREATE MACRO cells_of(t) AS CASE
    WHEN contains(t, chr(9)) THEN string_split(t, chr(9))
    WHEN contains(t, '"')
        THEN list_transform(regexp_extract_all(t, '"(?:[^"]|"")*"|[^\s"]\S*'), lambda cell: trim(cell, '"'))
    ELSE string_split(t, ' ')
END;

-- A text of such a row as the client sent it.
CREATE MACRO decoded_cell(t, is_encoded) AS CASE WHEN is_encoded THEN url_decode(t) ELSE replace(t, '+', ' ') END;

-- Addresses without what changes from line to line: their ports. Of an IPv6 address without brackets the last group is a port
-- where the whole would be no address: if it has five digits or is the ninth.
CREATE MACRO settled(t) AS CASE
    WHEN contains(t, ':') OR contains(t, ',') THEN regexp_replace(
        regexp_replace(t, '\s*,\s*', ',', 'g'),
        '(\d+\.\d+\.\d+\.\d+|\[[0-9A-Fa-f:.]+(?:%[^\]\s]*)?\]|(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}):\d{1,5}\b'
        || '|((?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}):\d{5}\b',
        '\1\2', 'g'
    )
    ELSE t
END;

-- The groups of the shapes of the combined format by name (`text`).
CREATE MACRO odd_groups() AS ['head', 'time', 'middle', 'request', 'status', 'size', 'rest'];

CREATE MACRO quoted_groups() AS ['referrer', 'agent', 'more'];

-- The groups of a hub's line by name.
CREATE MACRO full_groups() AS [
    'day', 'clock', 'zone', 'apache_pid', 'request', 'status', 'size', 'address', 'referrer', 'agent', 'uid',
    'joomla_sessionid', 'site_cookie', 'auth_type', 'component_name', 'view_name', 'task_name', 'action_name',
    'item_name'
];

CREATE MACRO short_groups() AS [
    'day', 'clock', 'zone', 'request', 'status', 'size', 'address', 'referrer', 'agent', 'site_cookie'
];

-- The groups of the shapes of an auth line.
CREATE MACRO auth_groups() AS ['day', 'clock', 'uid', 'user', 'address', 'action'];

CREATE MACRO auth_name_groups() AS ['day', 'clock', 'user', 'address', 'action'];

-- The instant of a hub's time if its zone is an offset; NULL for the name of a zone.
CREATE MACRO hub_instant(t, zone_text) AS CASE
    WHEN zone_text IN ('UTC', 'GMT') OR NOT regexp_full_match(zone_text, '[A-Za-z]*')
        THEN less_minutes(TRY_CAST(t AS TIMESTAMP), offset_minutes(zone_text))
END;

-- The number that a status is; 0 for anything else.
CREATE MACRO code(status) AS
    CASE WHEN strlen(status) = 3 THEN coalesce(TRY_CAST(status AS INTEGER), 0) ELSE 0 END;
