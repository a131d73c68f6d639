-- Requests, and what servers write around them.

-- The path and query of an absolute URL; NULL if `url` is none: `-`, `*`, or what no browser sends.
CREATE OR REPLACE MACRO path_of(url) AS CASE
    WHEN regexp_matches(url, '^[A-Za-z][A-Za-z0-9+.-]*://')
        THEN regexp_replace(url, '^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*/?', '/')
END;

-- A URL with every run of slashes as one (spec 10 §2.5).
CREATE OR REPLACE MACRO collapsed(url) AS
    CASE WHEN contains(url, '//') THEN regexp_replace(url, '/+', '/', 'g') ELSE url END;

-- A text as the client sent it: without the escapes of Apache and nginx.
CREATE OR REPLACE MACRO unescaped(t) AS CASE WHEN contains(t, '\') THEN unescape(t) ELSE t END;

-- The text behind the prefix of a collector (`collectors`).
CREATE OR REPLACE MACRO peeled(t) AS regexp_replace(t, getvariable('collector'), '\1');

-- A text without the colors of a terminal, which syslog writes as `#033[`.
CREATE OR REPLACE MACRO uncolored(t) AS CASE
    WHEN contains(t, chr(27)) OR contains(t, '#033[')
        THEN regexp_replace(t, '(?:\x1b|#033)\[[0-9;]*[A-Za-z]', '', 'g')
    ELSE t
END;

-- A text that a JSON document holds: as it is, or as the list of bytes that the journal makes of what is not plain.
CREATE OR REPLACE MACRO journal_text(t) AS CASE
    WHEN regexp_full_match(t, '\[\d{1,3}(?:,\d{1,3})*\]')
        THEN array_to_string(list_transform(TRY_CAST(t AS INTEGER[]), lambda code: chr(code)), '')
    ELSE t
END;

-- The cells of a row in the W3C extended format: separated by tabs, or by blanks outside of quotes.
CREATE OR REPLACE MACRO cells_of(t) AS CASE
    WHEN contains(t, chr(9)) THEN string_split(t, chr(9))
    WHEN contains(t, '"')
        THEN list_transform(regexp_extract_all(t, '"(?:[^"]|"")*"|[^\s"]\S*'), lambda cell: trim(cell, '"'))
    ELSE string_split(t, ' ')
END;

-- A text of such a row as the client sent it.
CREATE OR REPLACE MACRO decoded_cell(t, is_encoded) AS CASE WHEN is_encoded THEN url_decode(t) ELSE replace(t, '+', ' ') END;

-- Addresses without what changes from line to line: their ports.
CREATE OR REPLACE MACRO settled(t) AS CASE
    WHEN contains(t, ':') OR contains(t, ',') THEN regexp_replace(
        regexp_replace(t, '\s*,\s*', ',', 'g'), '(\d+\.\d+\.\d+\.\d+|\[[0-9A-Fa-f:.]+(?:%[^\]\s]*)?\]):\d{1,5}\b', '\1', 'g'
    )
    ELSE t
END;

-- The groups of the shapes of the combined format by name (`text`).
CREATE OR REPLACE MACRO odd_groups() AS ['head', 'time', 'middle', 'request', 'status', 'size', 'rest'];

CREATE OR REPLACE MACRO quoted_groups() AS ['referrer', 'agent', 'more'];
