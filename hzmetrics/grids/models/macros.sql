-- What the models of the grids share.
--
-- reads: windows

-- The windows of a month all end together, so with the latest start first each lies inside the next. Where a time lies is
-- therefore one number, its depth: how many of the windows hold it. It is in a window when it is as deep as the window
-- itself (`periods.depth`). The greatest depth of a key's times says in which windows the key occurs.
CREATE TEMP MACRO depth_from_start(t) AS
    CASE WHEN t < (SELECT max(stop) FROM windows)
        THEN len(list_filter((SELECT list(start) FROM windows), lambda s: s <= t))
        ELSE 0 END;

-- The same without the instant at which a window starts (spec 50 §2). Correction `window-start`: that instant is inside.
CREATE TEMP MACRO depth(t) AS
    CASE
        WHEN corrected('window-start') THEN depth_from_start(t)
        WHEN t < (SELECT max(stop) FROM windows)
            THEN len(list_filter((SELECT list(start) FROM windows), lambda s: s < t))
        ELSE 0
    END;

-- What the windows see of a time: they begin with months, so it is its month, and whether it is the month's first instant.
-- The depth of a time is the depth of its moment. Where a time is missing, the moment is empty.
CREATE TEMP MACRO moment(t) AS
    CASE WHEN t > left(t, 7) || '-01 00:00:00' THEN left(t, 7) || '-01 00:00:01' ELSE coalesce(t, '') END;

-- What windows see of a moment that hold the year `year` whole, or nothing of it: one of the year's months is as good as
-- any other, but for the year's first instant.
CREATE TEMP MACRO moment_in_year(t) AS
    CASE WHEN left(t, 4) = getvariable('year') AND t > getvariable('year') || '-01-01 00:00:00'
        THEN getvariable('year') || '-01-01 00:00:01'
        ELSE t END;

-- The depth that is in every window.
CREATE TEMP MACRO everywhere() AS (SELECT count(*) FROM windows);

-- To a whole number, halves to the even neighbor. Correction `half-up`: halves away from zero.
CREATE TEMP MACRO whole(x) AS
    as_bigint(CASE WHEN corrected('half-up') THEN round(x) ELSE round_even(x, 0) END);

-- A country, folded. Correction `countries`: codes that are no country's are as good as none.
CREATE TEMP MACRO country_of(t) AS
    CASE WHEN corrected('countries') AND is_no_country(t) THEN '' ELSE fold(t) END;

-- The calendar day of a time; none for a zero date, a zero month or a zero day.
CREATE TEMP MACRO day_of(t) AS TRY_CAST(left(t, 10) AS DATE);

-- A user who is a person (spec 50 §9). `who` is folded, `name` is as it was written.
CREATE TEMP MACRO is_real(who, name) AS who <> 'GRIDSTAT' AND NOT starts_with(fold_like(name), 'HCTEST');
