"""Activity scores."""
