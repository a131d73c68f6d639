"""hzmetrics: usage analytics of a HUBzero science gateway."""

__version__ = "1.0.0"
