-- What the pages are made of.

-- The cells of the three grids.
CREATE TABLE cells (
    grid VARCHAR,   -- user, simusage or misc
    rowid BIGINT,   -- row of the grid
    colid BIGINT,   -- column of the grid
    period BIGINT,  -- code of the period
    month VARCHAR,  -- YYYY-MM
    value VARCHAR   -- number or sentence
);

-- The months that have cells, without gaps.
CREATE TABLE months (
    month VARCHAR  -- YYYY-MM
);

-- The users of each resource that is not a tool, under each type of which it was counted.
CREATE TABLE resource_stats (
    resid BIGINT,      -- resource
    datetime VARCHAR,  -- a day of the month that the period ends with
    period BIGINT,     -- code of the period
    users BIGINT       -- users
);

-- The figures of each tool.
CREATE TABLE tool_stats (
    resid BIGINT,        -- resource
    period BIGINT,       -- code of the period
    month VARCHAR,       -- YYYY-MM
    id BIGINT,           -- row of resource_stats_tools
    users BIGINT,        -- users
    sessions BIGINT,     -- tool sessions
    simulations BIGINT,  -- runs
    jobs BIGINT,         -- jobs
    tot_wall DOUBLE,     -- s, how long sessions were open
    tot_cpu DOUBLE,      -- s, processor time
    tot_view DOUBLE,     -- s, how long sessions were in view
    tot_wait DOUBLE,     -- s, how long jobs waited
    avg_wall DOUBLE,     -- s, a run
    avg_cpu DOUBLE,      -- s, a run
    avg_view DOUBLE,     -- s, a run
    avg_wait DOUBLE      -- s, a run
);

-- The requests of a month, as table web has them.
CREATE TABLE requests (
    datetime VARCHAR,   -- time on the clock of the site, YYYY-MM-DD HH:MM:SS
    ip VARCHAR,         -- address
    host VARCHAR,       -- name of the address, or its pseudonym
    ipcountry VARCHAR,  -- country of the address
    content VARCHAR,    -- URL
    referrer VARCHAR,   -- referrer
    useragent VARCHAR   -- user agent
);

-- The page that each path is of: the rows of `new_page_names`.
CREATE TABLE page_names (
    path VARCHAR,  -- path
    page VARCHAR   -- page
);

-- The browser and the system that each user agent names: the rows of `new_agent_names`.
CREATE TABLE agent_names (
    agent VARCHAR,    -- user agent
    browser VARCHAR,  -- browser; empty if not known
    system VARCHAR    -- operating system; empty if not known
);

-- What the visitors of each month asked for, from where, and with what: the rows of `month_parts`.
CREATE TABLE parts (
    month VARCHAR,  -- YYYY-MM
    list VARCHAR,   -- pages, referrers, countries, browsers or systems
    name VARCHAR,   -- the page, host, country, browser or system; empty if it is not known
    address UUID,   -- identity of the address
    views BIGINT    -- requests
);

-- When the requests of each month came: the rows of `month_hours`.
CREATE TABLE hours (
    month VARCHAR,   -- YYYY-MM
    weekday BIGINT,  -- 1 Monday to 7 Sunday
    hour BIGINT,     -- 0 to 23
    views BIGINT     -- requests
);

-- What speaks for a referring host being the site itself: the rows of `month_referrers`.
CREATE TABLE referring_hosts (
    month VARCHAR,    -- YYYY-MM
    host VARCHAR,     -- host
    arrivals BIGINT,  -- requests with this referrer, but not the request of the same address before
    inside BIGINT,    -- those of them less than half an hour after another request of the same address
    deep BIGINT,      -- requests whose referrer names a path
    known BIGINT      -- those of them whose path was asked for
);

-- The names that are shown.
CREATE TABLE shown_names (
    list VARCHAR,  -- pages, referrers, countries, browsers or systems
    name VARCHAR,  -- name, as in parts
    shown VARCHAR  -- what is shown for it
);
