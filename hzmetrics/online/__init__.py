"""Who is online: the hub's live sessions, placed on a map (spec 35)."""
