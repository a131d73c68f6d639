-- What the audits share.

-- Whether a text has the form of a month, YYYY-MM.
CREATE MACRO is_month(t) AS
    regexp_full_match(t, '[0-9]{4}-[0-9]{2}');

-- Whether a text has the form of a day, YYYY-MM-DD.
CREATE MACRO is_day(t) AS
    regexp_full_match(t, '[0-9]{4}-[0-9]{2}-[0-9]{2}');
