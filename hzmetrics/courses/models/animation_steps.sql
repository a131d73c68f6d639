-- The animation steps with an open. Steps are `grain_hours` long and begin at 2017-01-01 (spec 86 §4.3).
--
-- grain: a step
-- reads: opens, rules
-- columns:
--   step  TIMESTAMP  end of the step

SELECT DISTINCT step_end(o.time, r.grain_hours) AS step
FROM opens AS o
CROSS JOIN rules AS r
