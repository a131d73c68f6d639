-- Where windows start and how numbers become whole (spec 40 §2, §4, §6).

-- A time of a tool session in a window: the first midnight is outside (spec 40 §2). Correction `window-start`: it is inside.
CREATE MACRO inside(t, start, stop) AS
    CASE WHEN corrected('window-start') THEN t >= start ELSE t > start END AND t < stop;

-- An average as a whole number: halves go to the even neighbor (spec 40 §4). Correction `half-up`: away from zero.
CREATE MACRO whole_average(average) AS
    CAST(CASE WHEN corrected('half-up') THEN round(average) ELSE round_even(average, 0) END AS BIGINT);

-- Seconds in an INT column: halves of the decimal text go away from zero. More than the column holds stays more.
CREATE MACRO whole_seconds(seconds) AS
    CAST(round(CAST(CAST(least(seconds, 2147483648) AS VARCHAR) AS DECIMAL(38, 20))) AS BIGINT);

-- A country of residence, folded. Correction `countries`: codes that are no country's are as good as none.
CREATE MACRO residence(t) AS
    CASE WHEN corrected('countries') AND is_no_country(t) THEN '' ELSE fold(t) END;

-- A figure in a list of tools: halves of the binary number go to the even neighbor (spec 40 §6).
CREATE MACRO rounded(figure) AS as_bigint(round_even(figure, 0));
