"""How active people are, now and lately: activity scores (80) and active users (82)."""
