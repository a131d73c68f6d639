-- Correction `half-up` (spec 15): halves of an average go away from zero.
CREATE OR REPLACE MACRO whole_average(average) AS CAST(round(average) AS BIGINT);
