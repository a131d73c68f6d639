"""What there is of each hub, what is missing, and what failed."""

from __future__ import annotations

from typing import Any

from hzmetrics.calendar import some
from hzmetrics.fleet.figures import FleetFigures, HubFigures
from hzmetrics.output.terminal import Ruled, Screen


def is_healthy(found: FleetFigures) -> bool:
    """Whether the last run succeeded with every hub."""
    return all(one.state.succeeded and not one.state.failure for one in found.hubs)


def document(found: FleetFigures) -> dict[str, Any]:
    """The status as a JSON document."""
    return {"is_healthy": is_healthy(found), "hubs": [_hub(found, one) for one in found.hubs]}


def _hub(found: FleetFigures, one: HubFigures) -> dict[str, Any]:
    return {
        "name": one.hub.name,
        "title": one.hub.title,
        "first": one.first and str(one.first),
        "last": one.last and str(one.last),
        "missing": list(map(str, one.missing)),
        "tried": one.state.tried or None,
        "succeeded": one.state.succeeded or None,
        "failure": one.state.failure or None,
        "differences": found.differences(one),
    }


def show(found: FleetFigures) -> None:
    """Print the status: a table, and why hubs failed."""
    screen = Screen()
    table = Ruled()
    for heading in ("hub", "months", "missing", "last success", "counted"):
        table.add_column(heading)
    for one in found.hubs:
        months = f"{one.first}..{one.last}" if one.first else "none"
        since = one.state.succeeded[:16].replace("T", " ") or "never"
        counted = ", ".join(found.differences(one)) or "as most" if one.found else ""
        table.add_row(one.hub.name, months, some(one.missing, 3), since, counted)
    screen.show(table)
    for one in found.hubs:
        if one.state.failure:
            screen.show(f"{one.hub.name}: {one.state.failure}", style="red")
        elif not one.state.succeeded:
            screen.show(f"{one.hub.name}: no run yet", style="red")
