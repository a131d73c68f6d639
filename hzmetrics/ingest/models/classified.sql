-- Rows of `unclassified` (id, content) with the download flag of their stored URL (spec 10 §4).
SELECT id, regexp_matches(content, getvariable('download'))::BIGINT AS dnload FROM unclassified
