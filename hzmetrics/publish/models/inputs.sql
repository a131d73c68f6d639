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

-- The users of each resource that is not a tool.
CREATE TABLE resource_stats (
    resid BIGINT,   -- resource
    period BIGINT,  -- code of the period: 1, 12 or 14
    month VARCHAR,  -- YYYY-MM
    users BIGINT    -- users
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
