-- Correction `window-start` (spec 15): a window has its first midnight.
CREATE OR REPLACE MACRO inside(t, start, stop) AS t >= start AND t < stop;
