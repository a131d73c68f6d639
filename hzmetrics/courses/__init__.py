"""Notebook courses: who opened which notebook when, and what ran (spec 86).

The raw files are the source of truth. `copy` copies what was appended to them into columns, `reports` counts.
"""
