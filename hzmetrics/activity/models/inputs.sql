-- What the models of activity read: states of users, and samples. Times are UTC, YYYY-MM-DDTHH:MM:SSZ.

-- All users as they are now.
CREATE TABLE users (
    username VARCHAR,               -- name
    is_authorized BIGINT,           -- 1 if the account may be used
    server_active BIGINT,           -- 1 if a server of the user runs
    last_activity VARCHAR,          -- time; NULL if none is known
    time_remaining_seconds BIGINT,  -- s, until the server is stopped; NULL if not known
    cpu_percent DOUBLE,             -- %, of the server; NULL if not known
    memory_mb DOUBLE,               -- MB, of the server; NULL if not known
    memory_percent DOUBLE           -- %, of the server; NULL if not known
);

-- Table activity_users: the states of users as they were last stored.
CREATE TABLE stored_users (
    username VARCHAR,               -- name
    is_authorized BIGINT,           -- as in users
    server_active BIGINT,           -- as in users
    last_activity VARCHAR,          -- as in users
    time_remaining_seconds BIGINT,  -- as in users
    cpu_percent DOUBLE,             -- as in users
    memory_mb DOUBLE,               -- as in users
    memory_percent DOUBLE           -- as in users
);

-- Which users are stored.
CREATE TABLE scope (
    is_everybody BOOLEAN  -- whether it is all of them
);

-- Table activity_samples: the samples of the window.
CREATE TABLE samples (
    username VARCHAR,   -- name of the user
    timestamp VARCHAR,  -- time of the sampling
    is_active BIGINT    -- 1 if the user was active
);

-- How samples lose weight.
CREATE TABLE decay (
    "at" BIGINT,      -- s, Unix time at which a sample weighs 1
    half_life BIGINT  -- h
);
