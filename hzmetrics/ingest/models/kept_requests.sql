-- The requests that become rows of web (spec 10 §5.1), in file order, with what is not stored as the log has it.
--
-- grain: a kept request
-- reads: filtered_requests
-- stored: arrow
-- columns:
--   number     BIGINT   place of the line in the log
--   ip         VARCHAR  address
--   uidNumber  BIGINT   number of the account
--   dnload     BIGINT   1 if it is a download

SELECT
    number,
    ip,
    whole_number(uid, -2147483648, 2147483647) AS "uidNumber",
    is_download::BIGINT AS dnload
FROM filtered_requests
WHERE dropped_by IS NULL
ORDER BY number
