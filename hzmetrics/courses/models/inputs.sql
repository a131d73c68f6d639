-- What the models of courses read: lines of the raw files, and the rules of one course. Times are UTC.

-- Lines of a raw file.
CREATE TABLE lines (
    number BIGINT,  -- number in the file, from 1
    line VARCHAR    -- text
);

-- The names in the events that are names of students.
CREATE TABLE students (
    student VARCHAR,  -- as in events
    name VARCHAR      -- the one form of it (spec 86 §2)
);

-- The rules of the course.
CREATE TABLE rules (
    strip_extensions BOOLEAN,  -- whether names of notebooks lose .ipynb, .md and .py
    grain_hours BIGINT,        -- h, length of an animation step
    since TIMESTAMP            -- time from which on events count; NULL if all do
);

-- The day that is exported.
CREATE TABLE wanted_day (
    day DATE  -- day
);
