"""How active people are, now and lately: activity scores (spec 80) and active users (spec 82)."""
