-- roots(root, restype): the resources whose users are counted (spec 40 §7). Tools have figures of their own.
SELECT id AS root, type AS restype
FROM resources
WHERE published = 1 AND standalone = 1 AND type <> 7
