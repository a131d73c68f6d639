-- What logs are read from. Settings decide the queries of hub_lines, classified, members and raw_requests.

-- The lines of a chunk of a log.
CREATE TABLE lines (
    number BIGINT,  -- place in the log, from 0
    line VARCHAR    -- text
);

-- The lines that may be of a hub's access log.
CREATE TABLE hub_lines (
    number BIGINT,  -- place in the log
    line VARCHAR    -- text, without what a collector put around it
);

-- Every message with the first format that it looks like.
CREATE TABLE classified (
    number BIGINT,  -- place in the log
    text VARCHAR,   -- text, without what a collector put around it
    stamp VARCHAR,  -- time that the collector wrote; NULL if it wrote none
    format VARCHAR  -- name of the format, `directive`, or NULL
);

-- The fields of requests that are JSON objects: of each field the first member that is present.
CREATE TABLE members (
    number BIGINT,        -- place in the log
    stamp VARCHAR,        -- time that the collector wrote; NULL if it wrote none
    time VARCHAR,         -- time
    day VARCHAR,          -- date, if it is a member of its own
    request VARCHAR,      -- request line
    method VARCHAR,       -- method
    url VARCHAR,          -- URL or path
    query VARCHAR,        -- query
    protocol VARCHAR,     -- protocol
    status VARCHAR,       -- status
    size VARCHAR,         -- bytes
    client VARCHAR,       -- client
    forwarded VARCHAR,    -- clients named by proxies
    referrer VARCHAR,     -- referrer
    agent VARCHAR,        -- user agent
    user VARCHAR,         -- user
    seconds VARCHAR,      -- s, duration
    nanoseconds VARCHAR,  -- ns, duration
    host VARCHAR          -- virtual host
);

-- Requests of all formats of other servers than the hub's, as they are written.
CREATE TABLE raw_requests (
    number BIGINT,      -- place in the log
    format VARCHAR,     -- name of the format
    time VARCHAR,       -- time
    request VARCHAR,    -- request line; NULL if method and target are fields of their own
    method VARCHAR,     -- method
    target VARCHAR,     -- URL or path
    protocol VARCHAR,   -- protocol
    status VARCHAR,     -- status
    size VARCHAR,       -- bytes
    peer VARCHAR,       -- where the client is named
    forwarded VARCHAR,  -- clients named by proxies
    referrer VARCHAR,   -- referrer; NULL if the format has none
    agent VARCHAR,      -- user agent; NULL if the format has none
    user VARCHAR,       -- user
    duration DOUBLE,    -- s
    host VARCHAR        -- virtual host
);

-- The #Fields lines of the W3C extended format: positions of columns, from 1, 0 if there is no such column.
CREATE TABLE headers (
    number BIGINT,        -- place in the log
    width BIGINT,         -- number of columns
    day BIGINT,           -- date
    clock BIGINT,         -- time of day
    client BIGINT,        -- client
    forwarded_at BIGINT,  -- clients named by proxies
    method_at BIGINT,     -- method
    stem BIGINT,          -- path
    query BIGINT,         -- query
    protocol_at BIGINT,   -- protocol
    status_at BIGINT,     -- status
    size_at BIGINT,       -- bytes
    referrer_at BIGINT,   -- referrer
    agent_at BIGINT,      -- user agent
    user_at BIGINT,       -- user
    host_at BIGINT,       -- virtual host
    taken BIGINT          -- duration
);

-- The texts in which a client is named, and the client that is meant.
CREATE TABLE peers (
    peer VARCHAR,    -- text, as other_requests has it
    address VARCHAR  -- address or host name; NULL if there is none
);

-- What some lines of a followed log say: the rows of hub_entries, request_entries or auth_entries.
CREATE TABLE said (
    number BIGINT,    -- place in the log
    local VARCHAR,    -- time, as written
    zone VARCHAR,     -- its zone; empty if there is none
    instant BIGINT,   -- s, Unix time; NULL if the zone is not known
    method VARCHAR,   -- method; empty in an auth log
    target VARCHAR,   -- path and query; in an auth log the action
    status INTEGER,   -- status; 0 if there is none
    user VARCHAR,     -- user; empty if there is none
    address VARCHAR,  -- client
    duration DOUBLE   -- s; 0 if it is not logged
);

-- What the local minutes in a followed log mean: before and after a change of the clocks. Mostly both are the same instant.
CREATE TABLE readings (
    minute VARCHAR,       -- YYYY-MM-DD HH:MM
    first BIGINT,         -- s, Unix time, of its begin in the first reading
    second BIGINT,        -- s, the same in the second reading
    first_zone VARCHAR,   -- what the zone calls itself in the first reading
    second_zone VARCHAR,  -- the same in the second reading
    is_repeated BOOLEAN,  -- whether it comes twice, in autumn
    is_near BOOLEAN       -- whether it is within half an hour of one that comes twice
);
