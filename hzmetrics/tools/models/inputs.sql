-- What the statistics of tools and resources read of the databases. Times are wall-clock text, YYYY-MM-DD HH:MM:SS.

-- The windows of the periods that are computed (spec 50 §2).
CREATE TABLE windows (
    period BIGINT,  -- code of the period
    start VARCHAR,  -- first instant
    stop VARCHAR    -- first instant after it
);

-- The month of the run.
CREATE TABLE run (
    datetime VARCHAR  -- the time under which its rows are stored
);

-- The clock of the run.
CREATE TABLE clock (
    local VARCHAR  -- time of the run
);

-- Table resources of the hub.
CREATE TABLE resources (
    id BIGINT,         -- number of the resource
    type BIGINT,       -- code of its type; 7 is a tool
    path VARCHAR,      -- where it is kept
    published BIGINT,  -- 1 if it is published
    standalone BIGINT  -- 1 if it is no part of another one
);

-- Table resource_assoc of the hub: which resource is below which.
CREATE TABLE resource_assoc (
    parent_id BIGINT,  -- number of the upper resource
    child_id BIGINT    -- number of the lower one
);

-- Requests of table web that have a host, at most a month of them at a time.
CREATE TABLE requests (
    datetime VARCHAR,  -- time
    ip VARCHAR,        -- address of the client
    host VARCHAR,      -- name of the address
    content VARCHAR    -- URL
);

-- The month_requests of one month.
CREATE TABLE grouped_requests (
    content VARCHAR,  -- URL
    visitor UBIGINT,  -- identity of the visitor
    month VARCHAR     -- month of the request, YYYY-MM
);

-- The root_visitors of some months.
CREATE TABLE visitors (
    root BIGINT,      -- number of the resource
    visitor UBIGINT,  -- identity of the visitor
    month VARCHAR     -- month of the latest request, YYYY-MM
);

-- The root_visitors of months before those.
CREATE TABLE earlier_visitors (
    root BIGINT,      -- number of the resource
    visitor UBIGINT,  -- identity of the visitor
    month VARCHAR     -- month of the latest request, YYYY-MM
);

-- Visitors of some months, each once.
CREATE TABLE all_visitors (
    root BIGINT,     -- number of the resource
    visitor UBIGINT  -- identity of the visitor
);

-- The visit_counts of the months of the windows but for the widest.
CREATE TABLE counted_visits (
    root BIGINT,     -- number of the resource
    month VARCHAR,   -- month of the visits, YYYY-MM
    before VARCHAR,  -- month of the visits before; NULL: there are none
    visitors BIGINT  -- visitors
);

-- The root_counts of all months, one or more of a root.
CREATE TABLE counted_visitors (
    root BIGINT,     -- number of the resource
    visitors BIGINT  -- visitors who are in no other
);

-- The tools of the hub.
CREATE TABLE tools (
    resid BIGINT,  -- number of the tool's resource
    alias VARCHAR  -- alias of the resource
);

-- Table tool_version of the hub: the versions of the tools.
CREATE TABLE tool_version (
    toolname VARCHAR,  -- name of the tool
    instance VARCHAR   -- name under which the version's sessions run
);

-- Table sessionlog of the hub: the middleware's tool sessions.
CREATE TABLE sessionlog (
    sessnum BIGINT,    -- number of the tool session
    username VARCHAR,  -- login name
    start VARCHAR,     -- time of the start
    appname VARCHAR,   -- name under which it runs
    walltime DOUBLE,   -- s, elapsed
    viewtime DOUBLE    -- s, in view
);

-- Table joblog of the hub: the jobs of all tool sessions.
CREATE TABLE joblog (
    sessnum BIGINT,    -- number of the tool session
    job BIGINT,        -- number of the job; 0 is the session itself
    superjob BIGINT,   -- number of the job it belongs to; 0: none
    event VARCHAR,     -- what ran
    venue VARCHAR,     -- where it ran
    walltime DOUBLE,   -- s, elapsed
    cputime DOUBLE,    -- s, of CPU
    ncpus BIGINT       -- CPUs
);

-- Table sessionlog_metrics: the copies of the tool sessions, at least those that start before the month ends.
CREATE TABLE sessionlog_metrics (
    sessnum BIGINT,           -- number of the tool session
    user VARCHAR,             -- login name
    start VARCHAR,            -- time of the start
    appname VARCHAR,          -- name under which it runs
    countryresident VARCHAR,  -- the user's country of residence
    domain VARCHAR            -- domain of the user's host
);

-- Who started those tool sessions, and when.
CREATE TABLE session_starts (
    user VARCHAR,  -- login name
    start VARCHAR  -- time of the start
);

-- Rows of table resource_stats_tools that belong to tools, of the month.
CREATE TABLE tool_rows (
    id BIGINT,      -- number of the row
    resid BIGINT,   -- number of the tool's resource
    period BIGINT,  -- code of the period
    users BIGINT    -- users of the tool
);

-- All rows of table resource_stats_tools of the month.
CREATE TABLE month_rows (
    id BIGINT,         -- number of the row
    resid BIGINT,      -- number of the resource
    period BIGINT,     -- code of the period
    users BIGINT,      -- users
    jobs BIGINT,       -- jobs
    tot_wall DOUBLE,   -- s, elapsed
    tot_cpu DOUBLE,    -- s, of CPU
    tot_view DOUBLE    -- s, in view
);

-- The published resources.
CREATE TABLE published (
    id BIGINT,     -- number of the resource
    title VARCHAR  -- title
);

-- Table countries: the names of countries.
CREATE TABLE countries (
    code VARCHAR,  -- two-letter code
    name VARCHAR   -- English name
);

-- The copy of the hub's table xprofiles: the accounts of the hub.
CREATE TABLE xprofiles (
    username VARCHAR,   -- login name
    uidNumber BIGINT,   -- number of the account
    orgtype VARCHAR     -- kind of organization
);
