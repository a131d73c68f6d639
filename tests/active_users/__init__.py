"""Active users."""
