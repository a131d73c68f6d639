"""Activity scores and active users."""
