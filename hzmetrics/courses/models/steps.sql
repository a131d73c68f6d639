-- steps: the ends of the animation steps that hold a counted event: steps of `grain_hours` from 2017-01-01 (spec 86 §4.3).
SELECT DISTINCT step_end(o.time, r.grain_hours) AS step
FROM opens AS o
CROSS JOIN rules AS r
