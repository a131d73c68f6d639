-- What the hub says of its users. Names are spelled as each table spells them.

-- The hub's table users: the accounts.
CREATE TABLE accounts (
    username VARCHAR,  -- login name
    block BIGINT,      -- 0 unless the account is blocked
    approved BIGINT    -- more than 0 if the account is approved
);

-- The latest times of web sessions, and of accesses to running tool sessions.
CREATE TABLE accesses (
    username VARCHAR,  -- login name, lower case
    time BIGINT        -- s, Unix time
);

-- Table user_events: the latest event of each user in followed logs.
CREATE TABLE log_events (
    username VARCHAR,  -- name, as logged
    time VARCHAR       -- time, UTC, YYYY-MM-DDTHH:MM:SSZ
);

-- The hub's table sessionlog: the latest start or end of a tool session of each user.
CREATE TABLE tool_sessions (
    username VARCHAR,  -- login name
    time DOUBLE        -- s, Unix time
);

-- The users with a running tool session.
CREATE TABLE running (
    username VARCHAR,  -- login name, lower case
    time_left BIGINT   -- s, until the last of the sessions times out; NULL if not known
);

-- The users that the configuration ignores.
CREATE TABLE ignored (
    username VARCHAR  -- login name, lower case
);
