"""Notebook courses: who opened which notebook when, and what ran (spec 86).

The raw files are the truth. `ingest` copies what was appended to them into columns, `reports` counts.
"""
