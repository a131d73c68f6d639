"""The summary grids: the sets that are counted, and the monthly cells that hold their sizes (spec 50)."""

from __future__ import annotations

SECTIONS = ("reg", "int", "dl", "total", "sim", "sim-usage", "misc")
"""What `summarize-month --only` can name; `models/layout.sql` says which cells each writes (spec 50 §1)."""
