"""Demonstrations: an invented hub, its logs and its databases, and a picture of the results."""
