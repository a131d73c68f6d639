-- What sessions are built of. Times are wall-clock text, YYYY-MM-DD HH:MM:SS.

-- The windows of the month that are searched for sessions one after the other (spec 30 §2).
CREATE TABLE session_windows (
    number BIGINT,  -- from 1
    start VARCHAR,  -- first instant
    stop VARCHAR    -- first instant after it
);

-- Requests of table web: those of the month without a session.
CREATE TABLE requests (
    id BIGINT,         -- number of the request
    datetime VARCHAR,  -- time
    t BIGINT,          -- s, the same as Unix time
    ip VARCHAR,        -- address of the client
    host VARCHAR,      -- name of the address
    domain VARCHAR     -- domain of the host
);

-- Table toolstart: the successful tool starts that sessions of the month can reach.
CREATE TABLE tool_starts (
    id BIGINT,         -- number of the tool start
    datetime VARCHAR,  -- time
    t BIGINT,          -- s, the same as Unix time
    ip VARCHAR,        -- address of the client
    host VARCHAR       -- name of the address
);

-- The sessions that one transaction writes.
CREATE TABLE batch (
    ids_before BIGINT,  -- largest id that is stored
    after BIGINT,       -- number of the last session before the batch
    through BIGINT      -- number of the last session in it
);

-- What else the month's requests in table web say.
CREATE TABLE request_details (
    id BIGINT,          -- number of the request
    ipcountry VARCHAR,  -- country of the address
    dnload BIGINT       -- 1 if it is a download
);

-- The sessions that a month's requests give with the corrections as configured.
CREATE TABLE sessions_before (
    datetime VARCHAR,   -- begin
    ip VARCHAR,         -- address
    host VARCHAR,       -- name of the address
    domain VARCHAR,     -- domain
    ipcountry VARCHAR,  -- country of the address; empty if not known
    duration BIGINT,    -- s, from first to last request
    jobs BIGINT         -- tool starts, at most 127
);

-- The sessions that they give with one correction switched the other way.
CREATE TABLE sessions_after (
    datetime VARCHAR,   -- begin
    ip VARCHAR,         -- address
    host VARCHAR,       -- name of the address
    domain VARCHAR,     -- domain
    ipcountry VARCHAR,  -- country of the address; empty if not known
    duration BIGINT,    -- s, from first to last request
    jobs BIGINT         -- tool starts, at most 127
);
