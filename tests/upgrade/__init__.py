"""Databases, configuration and state of released versions go through the upgrade without a changed number."""
