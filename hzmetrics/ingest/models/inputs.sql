-- What imports work on: what logs say (see the models of logs), and what is known of clients and user agents.
-- Times are wall-clock text, YYYY-MM-DD HH:MM:SS.

-- The requests of a chunk: the model requests of logs.
CREATE TABLE requests (
    number BIGINT,             -- place of the line in the log
    day VARCHAR,               -- YYYY-MM-DD
    datetime VARCHAR,          -- time; NULL if there is no such time
    method VARCHAR,            -- method
    url VARCHAR,               -- URL with every run of slashes as one
    status VARCHAR,            -- status
    size VARCHAR,              -- bytes
    address VARCHAR,           -- client
    referrer VARCHAR,          -- referrer; NULL if the format has none
    agent VARCHAR,             -- user agent; NULL if the format has none
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

-- Who sent the requests of a chunk: the model senders of logs.
CREATE TABLE senders (
    log BIGINT,       -- the log, where several are read together
    format VARCHAR,   -- name of the format
    address VARCHAR,  -- client
    agent VARCHAR,    -- user agent; NULL if the format has none
    first BIGINT,     -- place of the first line in the log
    lines BIGINT      -- lines with an existing time
);

-- The events of a chunk of an auth log: the model auth_events of logs.
CREATE TABLE auth_events (
    number BIGINT,       -- place of the line in the log
    day VARCHAR,         -- YYYY-MM-DD
    datetime VARCHAR,    -- time; NULL if there is no such time
    user VARCHAR,        -- user name
    uidNumber BIGINT,    -- number of the account
    address VARCHAR,     -- client
    action VARCHAR       -- what was done
);

-- The clients of a log that were seen so far.
CREATE TABLE clients (
    address VARCHAR,     -- client, as logged
    stored VARCHAR,      -- the address as it is stored; NULL if it cannot be
    is_ipv6 BOOLEAN,     -- whether it is an IPv6 address
    is_excluded BOOLEAN  -- whether an `ip` filter matches it
);

-- The user agents of each log that were seen so far.
CREATE TABLE agents (
    log BIGINT,              -- the log
    agent VARCHAR,           -- user agent
    is_excluded BOOLEAN,     -- whether a `useragent` filter matches it
    is_bot BOOLEAN,          -- whether it is a bot
    is_old_explorer BOOLEAN  -- whether it is an old Internet Explorer (spec 10 §3.3)
);

-- The rows of userlogin that a chunk, or several logs, would add, as they would be stored.
CREATE TABLE arriving_logins (
    number BIGINT,     -- place among them
    datetime VARCHAR,  -- time
    user VARCHAR,      -- user name
    uidNumber BIGINT,  -- number of the account
    ip VARCHAR,        -- address
    action VARCHAR     -- what was done
);

-- The rows that userlogin has on the days of those that arrive.
CREATE TABLE present_logins (
    datetime VARCHAR,  -- time
    user VARCHAR,      -- user name
    uidNumber BIGINT,  -- number of the account
    ip VARCHAR,        -- address
    action VARCHAR     -- what was done
);

-- The rows of web in the time of a file.
CREATE TABLE stored_requests (
    id BIGINT,         -- number of the row
    datetime VARCHAR,  -- time
    ip VARCHAR,        -- address
    content VARCHAR    -- URL
);

-- The rows of userlogin in the time of a file.
CREATE TABLE stored_logins (
    id BIGINT,         -- number of the row
    datetime VARCHAR,  -- time
    ip VARCHAR,        -- address
    user VARCHAR,      -- user name
    action VARCHAR     -- what was done
);

-- Rows of web without a download flag.
CREATE TABLE unflagged_requests (
    id BIGINT,       -- number of the row
    content VARCHAR  -- URL
);
