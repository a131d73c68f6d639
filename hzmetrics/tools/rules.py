"""The codes that the statistics of tools share."""

from __future__ import annotations

PACKAGE = "hzmetrics.tools"
"""Where their models are."""

TOOL = 7
"""The type of resource that is a tool."""

TOPLISTS = {"users": 2, "jobs": 5, "wall": 6, "cpu": 7, "view": 8}
"""What the hub's tools are ranked by: code of the list in stats_topvals (spec 40 §6)."""
