-- What is read to complete rows of the metrics database. Times are wall-clock text, YYYY-MM-DD HH:MM:SS. Column `row` is
-- the number by which a value is written to its row.

-- Table exclude_list: the operator's own filters.
CREATE TABLE filters (
    filter VARCHAR,  -- text or pattern
    type VARCHAR     -- what it applies to
);

-- The rows that filters are applied to.
CREATE TABLE checked_rows (
    id BIGINT,      -- number of the row
    host VARCHAR,   -- name of the address
    domain VARCHAR  -- domain of the host
);

-- The rows with a host and without a domain.
CREATE TABLE rows_without_domain (
    row BIGINT,     -- number of the row
    host VARCHAR,   -- name of the address
    domain VARCHAR  -- empty, or `?`
);

-- Table joblog of the hub: the jobs of tool sessions. Times are cut as toolstart stores them.
CREATE TABLE joblog (
    sessnum BIGINT,    -- number of the tool session
    job BIGINT,        -- number of the job; 0 is the session itself
    event VARCHAR,     -- what ran
    venue VARCHAR,     -- where it ran
    start VARCHAR,     -- time of the start
    walltime DOUBLE,  -- s, elapsed
    cputime DOUBLE     -- s, of CPU
);

-- Table sessionlog of the hub: the tool sessions. Texts are cut as toolstart stores them.
CREATE TABLE tool_sessions (
    sessnum BIGINT,    -- number of the tool session
    user VARCHAR,      -- login name
    ip VARCHAR,        -- address of the client
    tool VARCHAR,      -- name of the tool
    execunit VARCHAR   -- host it ran on
);

-- Table toolstart: the keys of the rows that are stored.
CREATE TABLE stored_starts (
    datetime VARCHAR,  -- time of the start
    user VARCHAR,      -- login name
    ip VARCHAR,        -- address of the client
    host VARCHAR       -- name of the address
);

-- Table toolstart: the rows without CPU time.
CREATE TABLE unmeasured_starts (
    row BIGINT,        -- number of the row
    datetime VARCHAR,  -- time of the start
    user VARCHAR,      -- login name
    ip VARCHAR,        -- address of the client
    host VARCHAR,      -- name of the address
    cputime DOUBLE     -- s, of CPU; 0 or less
);

-- Table users of the hub.
CREATE TABLE users (
    id BIGINT,        -- number of the account
    username VARCHAR  -- login name
);

-- Table user_profiles of the hub: what accounts say about themselves.
CREATE TABLE user_profiles (
    id BIGINT,              -- number of the row
    user_id BIGINT,         -- number of the account
    profile_key VARCHAR,    -- what it is about
    profile_value VARCHAR   -- what it says
);

-- The rows that lack the value of some profile key.
CREATE TABLE rows_without_value (
    row BIGINT,               -- number of the row
    user VARCHAR,             -- login name
    countrycitizen VARCHAR,   -- country of citizenship
    countryresident VARCHAR,  -- country of residence
    orgtype VARCHAR           -- kind of organization
);

-- What profile key each of these columns comes from.
CREATE TABLE wanted_keys (
    "column" VARCHAR,    -- name of the column
    profile_key VARCHAR  -- name of the key
);
