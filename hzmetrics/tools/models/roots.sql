-- The resources whose users are counted (spec 40 §7). Tools have figures of their own.
--
-- grain: a resource
-- reads: resources
-- columns:
--   root     BIGINT  number of the resource
--   restype  BIGINT  code of its type

SELECT id AS root, type AS restype
FROM resources
WHERE published = 1 AND standalone = 1 AND type <> 7
