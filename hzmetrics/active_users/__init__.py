"""Active users of the past day, week and month (spec 82)."""
