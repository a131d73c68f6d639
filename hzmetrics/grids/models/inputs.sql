-- What the grids read of the databases, and the values of a run. Times are wall-clock text, YYYY-MM-DD HH:MM:SS.

-- The windows of the periods that are computed (spec 50 §2). All end together, with the month.
CREATE TABLE windows (
    period BIGINT,  -- code of the period: 1, 3, 0, 13, 12, 14
    start VARCHAR,  -- first instant
    stop VARCHAR    -- first instant after it
);

-- The sections of the grids that are written (spec 50 §1).
CREATE TABLE sections (
    section VARCHAR  -- as `--only` names it
);

-- The tools found under the applications root (spec 50 §11).
CREATE TABLE applications (
    name VARCHAR  -- name of the tool's directory
);

-- Table country_continent: the continents of each country.
CREATE TABLE country_continent (
    country VARCHAR,   -- two-letter code
    continent VARCHAR  -- two-letter code
);

-- Table domainclass: the class of each listed domain.
CREATE TABLE domainclass (
    domain VARCHAR,  -- as domains of requests are written
    class BIGINT     -- code of the class
);

-- The copy of the hub's table xprofiles: the accounts of the hub.
CREATE TABLE xprofiles (
    uidNumber BIGINT,        -- number of the account
    username VARCHAR,        -- login name
    registerDate VARCHAR,    -- time of registration
    orgtype VARCHAR,         -- kind of organization
    countryresident VARCHAR  -- country of residence
);

-- Table userlogin_lite: the logins and simulation starts of all time, or those of one year.
CREATE TABLE userlogin_lite (
    user VARCHAR,      -- login name
    ip VARCHAR,        -- address of the client
    pseudonym VARCHAR, -- what stands for an address that was shortened; NULL: it was not
    datetime VARCHAR   -- time
);

-- Table websessions: the sessions that begin in one month.
CREATE TABLE websessions (
    id BIGINT,          -- number of the session
    datetime VARCHAR,   -- begin
    ip VARCHAR,         -- address of the visitor
    host VARCHAR,       -- name of the address
    domain VARCHAR,     -- domain of the host
    ipcountry VARCHAR,  -- country of the address
    duration BIGINT,    -- s, from first to last request
    jobs BIGINT         -- tool starts
);

-- The requests of table web that are downloads, of those of them without a tool start.
CREATE TABLE download_requests (
    sessionid BIGINT,  -- number of the session
    datetime VARCHAR   -- time
);

-- The month_sessions of all months in the widest window, or the year_sessions of whole years.
CREATE TABLE grouped_sessions (
    address UBIGINT,        -- identity of the address
    host UBIGINT,           -- identity of the host; NULL without a host
    domain UBIGINT,         -- identity of the domain
    country VARCHAR,        -- folded country of the address
    begun VARCHAR,          -- moment of the begin
    downloaded VARCHAR,     -- moment of their downloads where it is another one than that of the begin
    is_interactive BOOLEAN, -- whether one is interactive
    has_download BOOLEAN,   -- whether there are downloads, of sessions without a tool start
    is_short BOOLEAN,       -- whether a session with such a download is shorter than 900 seconds
    visits BIGINT,          -- number of them that count as visits
    user_sessions BIGINT,   -- number of them that are long or in which a tool was started
    seconds DECIMAL(38,0)   -- s, the duration of the latter
);

-- The counted_visitors of the settled years, which are those before every window but the widest (spec 50 §16): of all their
-- sessions, by sign 1, and of their returning_sessions, by sign -1.
CREATE TABLE settled_visitors (
    sign INTEGER,    -- 1 or -1
    kind VARCHAR,    -- visit, interactive, download or any
    colid INTEGER,   -- column of the grid
    depth BIGINT,    -- depth of the latest session
    hidden BIGINT,   -- depth down to which the visitors are hidden
    visitors BIGINT  -- number of visitors
);

-- The session_totals of the same.
CREATE TABLE settled_totals (
    sign INTEGER,          -- 1 or -1
    depth BIGINT,          -- depth of the begin
    visits BIGINT,         -- number of visits
    user_sessions BIGINT,  -- number of sessions that are long or in which a tool was started
    seconds DECIMAL(38,0)  -- s, the duration of the latter; NULL if there are none
);

-- The session_domains of the same.
CREATE TABLE settled_domains (
    sign INTEGER,    -- 1 or -1
    domain UBIGINT,  -- identity of the domain
    depth BIGINT     -- depth of the latest begin
);

-- The known_addresses of the same.
CREATE TABLE settled_addresses (
    sign INTEGER,          -- 1 or -1
    address UBIGINT,       -- identity of the address
    country VARCHAR,       -- folded country of the address; empty if not known
    class BIGINT,          -- class of the domain; 0 if it has none
    interactive BIGINT,    -- depth of the latest interactive session; 0: none
    download BIGINT,       -- depth of the latest download session (DA)
    dated_download BIGINT  -- depth of the latest download session and its download (DW)
);

-- Table toolstart: the successful tool starts, at least those before the windows' end.
CREATE TABLE toolstart (
    user VARCHAR,             -- login name
    datetime VARCHAR,         -- time of the start
    countryresident VARCHAR,  -- the user's country of residence
    orgtype VARCHAR           -- the user's kind of organization
);

-- Table webhits: the kept requests by day, of the widest window.
CREATE TABLE webhits (
    datetime VARCHAR,  -- midnight of the day
    hits BIGINT        -- requests
);

-- Table sessionlog of the hub: the middleware's tool sessions, at least those that start in the widest window.
CREATE TABLE sessionlog (
    sessnum BIGINT,    -- number of the tool session
    username VARCHAR,  -- login name
    appname VARCHAR,   -- name of the tool
    start VARCHAR,     -- time of the start
    walltime DOUBLE,   -- s, elapsed
    viewtime DOUBLE,   -- s, in view
    cputime DOUBLE     -- s, of CPU
);

-- Table joblog of the hub: the jobs of those tool sessions.
CREATE TABLE joblog (
    sessnum BIGINT,  -- number of the tool session
    job BIGINT,      -- number of the job; 0 is the session itself
    event VARCHAR,   -- what ran
    venue VARCHAR,   -- where it ran
    cputime DOUBLE   -- s, of CPU
);

-- Table tool_version of the hub: the versions of the tools.
CREATE TABLE tool_version (
    toolname VARCHAR,  -- name of the tool
    instance VARCHAR   -- name under which the version's sessions run
);

-- The visitor_counts of all parts.
CREATE TABLE counted_visitors (
    kind VARCHAR,    -- visit, interactive, download or any
    colid INTEGER,   -- column of the grid
    depth BIGINT,    -- depth of the latest session
    hidden BIGINT,   -- depth down to which the visitors are hidden
    visitors BIGINT  -- number of visitors
);

-- Rows 6, 7 and 8 of the month's user grid as they are stored before the run.
CREATE TABLE stored (
    rowid BIGINT,   -- row of the grid
    colid BIGINT,   -- column of the grid
    period BIGINT,  -- code of the period
    value BIGINT,   -- the cell's number
    valfmt BIGINT   -- how pages show it
);
