"""Privacy: what identifies visitors is taken away from months that are done (spec 67)."""
