"""The users and their activity, from each source."""
