-- The rows whose addresses are shortened.

-- Rows of a table with an address.
CREATE TABLE identified_rows (
    row BIGINT,   -- number of the row
    ip VARCHAR,   -- address of the client
    host VARCHAR  -- name of the address
);

-- Table userlogin: the rows of a month.
CREATE TABLE userlogin (
    id BIGINT,         -- number of the row
    datetime VARCHAR,  -- time
    user VARCHAR,      -- login name
    uidNumber BIGINT,  -- number of the account
    ip VARCHAR,        -- address of the client
    action VARCHAR,    -- what was done
    pseudonym VARCHAR  -- what stands for the address; NULL: it has not been shortened yet
);
