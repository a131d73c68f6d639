-- The checked rows that a filter matches.
--
-- grain: a row
-- reads: checked_rows, bot_hosts, bot_domains
-- columns:
--   id  BIGINT  number of the row

SELECT id FROM checked_rows
WHERE host IN (SELECT host FROM bot_hosts) OR domain IN (SELECT domain FROM bot_domains)
ORDER BY id
