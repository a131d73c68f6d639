-- What the audit looks at: counts and extremes that the databases compute, with the few rows that are compared one by
-- one. Months are text, YYYY-MM. The window is the stretch of time that is audited; it ends before this month.

-- The window, and the moment of the audit.
CREATE TABLE scope (
    first_month VARCHAR,      -- month that the window begins in
    previous_month VARCHAR,   -- month that it ends with
    today DATE,               -- day of the audit
    now VARCHAR,              -- time of the metrics server's clock, YYYY-MM-DD HH:MM:SS
    floor DOUBLE,             -- share of unanswered rows that is never a finding
    has_tool_starts BOOLEAN   -- whether table toolstart has rows
);

-- The rows of tables web, websessions and userlogin in the window.
CREATE TABLE row_counts (
    source VARCHAR,       -- table
    month VARCHAR,        -- month
    row_count BIGINT,     -- rows
    no_host BIGINT,       -- rows whose column host no lookup has filled; 0 of a table without it
    no_domain BIGINT,     -- the same of column domain
    no_ipcountry BIGINT   -- the same of column ipcountry
);

-- The rows of tables web and toolstart in the window that name a session which does not exist.
CREATE TABLE orphan_counts (
    source VARCHAR,    -- table
    month VARCHAR,     -- month
    row_count BIGINT   -- rows
);

-- Table webhits, up to the end of the window.
CREATE TABLE hit_counts (
    month VARCHAR,  -- month
    hits BIGINT,    -- hits of the month
    audited BIGINT  -- hits of its days in the window; NULL without such days
);

-- The months that have cells of period 1 in the user grid.
CREATE TABLE summarized_months (
    month VARCHAR  -- month
);

-- The months before this one of which a grid has cells, but not of every period (spec 60 §3.3).
CREATE TABLE incomplete_months (
    month VARCHAR  -- month
);

-- The months of the window whose snapshot is not what their rows give (spec 50 §16).
CREATE TABLE snapshot_differences (
    source VARCHAR,    -- table
    month VARCHAR,     -- month
    row_count BIGINT   -- rows that only one of them has
);

-- Cells from the first month of the window on: the user grid's totals and their parts, the hits, and everything that adds
-- up over all time.
CREATE TABLE stored_cells (
    grid VARCHAR,   -- table
    month VARCHAR,  -- month
    period BIGINT,  -- period code
    rowid BIGINT,   -- row of the grid
    colid BIGINT,   -- column of the grid
    valfmt BIGINT,  -- form of the value
    value VARCHAR   -- value as text
);

-- The newest cells of each grid that hold something.
CREATE TABLE newest_cells (
    grid VARCHAR,  -- table
    month VARCHAR  -- month; NULL without such cells
);

-- The days that tables web and userlogin have rows of, over all time.
CREATE TABLE row_days (
    source VARCHAR,  -- table
    day VARCHAR      -- YYYY-MM-DD, possibly a zero date
);

-- The ledger of imported files.
CREATE TABLE imported_files (
    source VARCHAR,     -- table that the rows went to
    filename VARCHAR,   -- name of the file
    origin VARCHAR,     -- who wrote the entry: importer or reconstruct
    first_id BIGINT,    -- smallest id of its rows
    last_id BIGINT,     -- largest id of its rows
    row_count BIGINT    -- rows that it became
);

-- The rows whose ids lie in the ranges of `id_ranges`.
CREATE TABLE range_counts (
    source VARCHAR,    -- table
    first_id BIGINT,   -- first id of the range
    last_id BIGINT,    -- last id of the range; NULL: no limit
    row_count BIGINT   -- rows
);

-- How far the ids of tables have been given out.
CREATE TABLE next_ids (
    source VARCHAR,    -- table
    largest BIGINT,    -- largest id; 0 without rows
    following BIGINT   -- id that the next row gets; NULL where the table does not count
);

-- Table pipeline_state.
CREATE TABLE state_keys (
    key VARCHAR,        -- name
    value VARCHAR,      -- what is stored
    updated_at VARCHAR  -- when it was last written, YYYY-MM-DD HH:MM:SS
);
