"""The codes and rules that the statistics of tools share.

`models/rules.sql` says where a window starts and how numbers become whole; a correction (spec 15) is a file of its own
name that redefines one of them.
"""

from __future__ import annotations

from collections.abc import Set
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hzmetrics.engine import Engine

PACKAGE = "hzmetrics.tools"
TOOL = 7
"""The type of resource that is a tool."""

TOPLISTS = {"users": 2, "jobs": 5, "wall": 6, "cpu": 7, "view": 8}
"""What the hub's tools are ranked by: code of the list in stats_topvals (spec 40 §6)."""

CORRECTABLE = ("window-start", "half-up")


def define(engine: Engine, corrections: Set[str]) -> None:
    """Define the macros `inside`, `whole_average`, `whole_seconds` and `rounded` under the corrections in force."""
    engine.run_script(PACKAGE, "rules")
    for correction in CORRECTABLE:
        if correction in corrections:
            engine.run_script(PACKAGE, correction)
