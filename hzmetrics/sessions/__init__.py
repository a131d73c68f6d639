"""Visits: the kept requests of one visitor, grouped into sessions (spec 30)."""
