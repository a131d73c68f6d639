-- The download flags of requests, by their URL as stored (spec 10 §4).
--
-- grain: a request
-- reads: unflagged_requests
-- variables: download
-- columns:
--   id      BIGINT  number of the row
--   dnload  BIGINT  1 if it is a download

SELECT id, regexp_matches(content, getvariable('download'))::BIGINT AS dnload FROM unflagged_requests
