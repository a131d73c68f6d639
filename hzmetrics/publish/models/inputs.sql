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

-- The users of each resource that is not a tool, in each month and type under which it was counted.
CREATE TABLE resource_stats (
    resid BIGINT,       -- resource
    month VARCHAR,      -- YYYY-MM
    in_month BIGINT,    -- users of the month
    in_year BIGINT,     -- users of the twelve months that end with it
    in_all_time BIGINT  -- users until its end
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
