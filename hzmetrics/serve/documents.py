"""The documents that the pages show and the command line does not print."""

from __future__ import annotations

from typing import Any

from hzmetrics.activity import cells, monitor
from hzmetrics.events import reports
from hzmetrics.live.runner import Live

MOST_USERS = 5000
"""Rows of the activity page."""

Document = dict[str, Any]


def activity_table(live: Live, sort: str, ascending: bool | None, limit: int, search: str = "") -> Document:
    """The rows of the activity page: the texts of their cells, their bars and tooltips."""
    found = monitor.table(live.store, live.activity, live.now, True, sort, ascending, limit, search)
    return {
        "badge": cells.badge(found.document["users"]),
        "sampling_status": found.document["sampling_status"],
        "total": len(found.document["users"]),
        "matching": found.matching,
        "rows": [{"cells": cells.cells(row, live.now), **row["derived"]} for row in found.rows],
    }


def present(live: Live, limit: int) -> Document:
    """The stress levels, and the latest events of the event memory, newest first."""
    rows = reports.memory_rows(live.store, live.events, live.settings.clock, limit)
    return {"stress": reports.stress(live.store, live.events), "memory": rows}
