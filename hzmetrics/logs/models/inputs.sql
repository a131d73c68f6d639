-- What logs are read from. Settings decide the queries of recognized, classified, members, raw_requests and requests.

-- The lines of a chunk of a log.
CREATE TABLE lines (
    number BIGINT,  -- place in the log, from 0
    line VARCHAR    -- text
);

-- The lines that are of the file's format as they stand.
CREATE TABLE plain_lines (
    number BIGINT,  -- place in the log
    line VARCHAR    -- text
);

-- The other lines: those that need a closer look.
CREATE TABLE other_lines (
    number BIGINT,  -- place in the log
    line VARCHAR    -- text
);

-- The fields of a hub's lines, the same for both formats: of plain lines (`plain`) and others (`odd_fields`).
CREATE TABLE fields (
    number BIGINT,             -- place in the log
    day VARCHAR,               -- date
    clock VARCHAR,             -- time of day, HH:MM:SS; NULL if there is no such time
    zone VARCHAR,              -- zone
    apache_pid VARCHAR,        -- process of the server
    status VARCHAR,            -- status
    size VARCHAR,              -- bytes
    address VARCHAR,           -- client
    referrer VARCHAR,          -- referrer
    agent VARCHAR,             -- user agent
    uid VARCHAR,               -- number of the account
    joomla_sessionid VARCHAR,  -- session of the CMS
    site_cookie VARCHAR,       -- cookie of the site; in a line of 14 fields the rest of it
    auth_type VARCHAR,         -- kind of authentication
    component_name VARCHAR,    -- component of the CMS
    view_name VARCHAR,         -- its view
    task_name VARCHAR,         -- its task
    action_name VARCHAR,       -- its action
    item_name VARCHAR,         -- its item
    method VARCHAR,            -- method
    target VARCHAR,            -- URL
    protocol VARCHAR           -- protocol; empty if there is none
);

-- The requests of a hub: the fields of its lines whose zone is read, with what times and requests mean (`meanings`).
CREATE TABLE hub_calls (
    number BIGINT,             -- place in the log
    day VARCHAR,               -- YYYY-MM-DD
    datetime VARCHAR,          -- wall-clock time; NULL if there is no such time
    logged_time VARCHAR,       -- time, as logged; NULL if there is no such time
    zone VARCHAR,              -- zone, as logged
    apache_pid VARCHAR,        -- process of the server
    method VARCHAR,            -- method; empty if the request is none
    target VARCHAR,            -- URL, as logged
    url VARCHAR,               -- URL with every run of slashes as one
    protocol VARCHAR,          -- protocol; empty if there is none
    status VARCHAR,            -- status
    size VARCHAR,              -- bytes
    address VARCHAR,           -- client
    referrer VARCHAR,          -- referrer
    agent VARCHAR,             -- user agent
    uid VARCHAR,               -- number of the account
    joomla_sessionid VARCHAR,  -- session of the CMS
    site_cookie VARCHAR,       -- cookie of the site; of a line of 14 fields the rest
    auth_type VARCHAR,         -- kind of authentication
    component_name VARCHAR,    -- component of the CMS
    view_name VARCHAR,         -- its view
    task_name VARCHAR,         -- its task
    action_name VARCHAR,       -- its action
    item_name VARCHAR          -- its item
);

-- The calls of a hub that are not read because of their zone.
CREATE TABLE unread_calls (
    number BIGINT,       -- place in the log
    logged_time VARCHAR  -- time, as logged; NULL if there is no such time
);

-- The lines that may be of a hub's access log and are not plain.
CREATE TABLE odd_lines (
    number BIGINT,  -- place in the log
    line VARCHAR    -- text, without what a collector put around it
);

-- Every message with the first format that it looks like.
CREATE TABLE recognized (
    number BIGINT,  -- place in the log
    text VARCHAR,   -- text, without what a collector put around it
    stamp VARCHAR,  -- time that the collector wrote; NULL if it wrote none
    format VARCHAR  -- name of the format, `directive`, or NULL
);

-- The same for all lines: those of the file's format, and the recognized ones.
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

-- The requests of a chunk, in the fields that all formats have. What only a hub writes is empty elsewhere.
CREATE TABLE requests (
    number BIGINT,             -- place of the line in the log
    format VARCHAR,            -- name of the format
    day VARCHAR,               -- YYYY-MM-DD
    datetime VARCHAR,          -- wall-clock time of the hub; NULL if there is no such time
    zone VARCHAR,              -- zone, as a hub logs it; empty elsewhere
    instant TIMESTAMP,         -- time in UTC; NULL if its zone is not known
    method VARCHAR,            -- method; empty if the request is none
    target VARCHAR,            -- URL, as logged
    url VARCHAR,               -- URL with every run of slashes as one
    protocol VARCHAR,          -- protocol
    status VARCHAR,            -- status
    size VARCHAR,              -- bytes
    address VARCHAR,           -- client
    referrer VARCHAR,          -- referrer; NULL if the format has none
    agent VARCHAR,             -- user agent; NULL if the format has none
    "user" VARCHAR,            -- user
    duration DOUBLE,           -- s
    host VARCHAR,              -- virtual host
    uid VARCHAR,               -- number of the account
    apache_pid VARCHAR,        -- process of the server
    joomla_sessionid VARCHAR,  -- session of the CMS
    site_cookie VARCHAR,       -- cookie of the site
    auth_type VARCHAR,         -- kind of authentication
    component_name VARCHAR,    -- component of the CMS
    view_name VARCHAR,         -- its view
    task_name VARCHAR,         -- its task
    action_name VARCHAR,       -- its action
    item_name VARCHAR          -- its item
);
