-- The roots and everything below them, also through resources that no longer exist (spec 40 §7).
--
-- grain: a root and resource
-- reads: roots, resource_assoc
-- stored: table
-- columns:
--   root      BIGINT  number of the root
--   resource  BIGINT  number of the root itself, or of a resource below it

WITH RECURSIVE below AS (
    SELECT root, root AS resource FROM roots
    UNION
    SELECT below.root, edges.child_id
    FROM below
    JOIN resource_assoc AS edges ON edges.parent_id = below.resource
)
SELECT root, resource FROM below
