"""Statistics of every tool and resource, in the hub's own tables (spec 40)."""
