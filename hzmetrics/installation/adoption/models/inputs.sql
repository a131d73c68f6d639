-- What adoption decides about the rows of an installation.

-- The rows of a grid whose cell has several of them.
CREATE TABLE doubled_cells (
    place BIGINT,      -- place of the row in the table, from 0
    rowid BIGINT,      -- row of the grid
    colid BIGINT,      -- column of the grid
    datetime VARCHAR,  -- month, as YYYY-MM-00
    period BIGINT,     -- code of the period
    value VARCHAR,     -- value, as text
    valfmt BIGINT      -- format of the value
);
