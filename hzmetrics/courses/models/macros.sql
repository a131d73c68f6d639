-- What several models of courses compute.

-- The end of the animation step that a time lies in; a time on the border opens the next step.
CREATE MACRO step_end(t, grain_hours) AS
    TIMESTAMP '2017-01-01' + to_hours(grain_hours * (floor(epoch(t - TIMESTAMP '2017-01-01') / (3600.0 * grain_hours))::BIGINT + 1));
