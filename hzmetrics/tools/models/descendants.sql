-- descendants(root, resource): a root itself and everything below it, through resources that are gone as well (spec 40 §7).
-- materialised
WITH RECURSIVE below AS (
    SELECT root, root AS resource FROM roots
    UNION
    SELECT below.root, edges.child_id
    FROM below
    JOIN resource_assoc AS edges ON edges.parent_id = below.resource
)
SELECT root, resource FROM below
