-- Codes that are no country's are as good as none (correction `countries`).
CREATE OR REPLACE MACRO residence(t) AS CASE WHEN is_no_country(t) THEN '' ELSE fold(t) END;
