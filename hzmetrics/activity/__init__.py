"""Activity scores: how active each user is, now and lately (spec 80)."""
