"""Metrics databases in the layouts that hubs really have, with invented data, and what must come of them.

See spec 70 §8.
"""
