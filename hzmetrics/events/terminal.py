"""The documents about events as tables in a terminal."""

from __future__ import annotations

from typing import Any

from hzmetrics.events.heatmap import CURRENT, FUTURE, HAS_ROW
from hzmetrics.events.signatures import ANY, Signatures
from hzmetrics.output.terminal import Line, Screen, Table

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LEVELS = {0: ("green", "green"), 1: ("yellow", "yellow"), 2: ("red", "red"), None: ("unknown", "default")}
SHADES = ("#ffffd9", "#edf8b1", "#c7e9b4", "#7fcdbb", "#41b6c4", "#1d91c0", "#225ea8", "#253494", "#081d58")
BLANKS = "  "


def heat_map(cells: list[dict[str, Any]]) -> None:
    """A week: a row for each day, a column for each hour; darker cells have more events."""
    screen = Screen()
    first = cells[0]
    most = max((sum(cell["summary"].values()) for cell in cells), default=0)
    screen.show(f"Events by hour, week {first['week']} of {first['year']} (up to {most:,} an hour)")
    screen.show("    " + "".join(f"{hour:02d} " for hour in range(24)), style="bold")
    for day, name in enumerate(DAYS):
        line = Line(f"{name} ", "bold")
        total = 0
        for cell in cells[day * 24 : day * 24 + 24]:
            count = sum(cell["summary"].values())
            total += count
            line.append(_cell(count, most, cell["valid"]))
            line.append(" ")
        line.append(f" {total:,}")
        screen.show(line)
    screen.show("    .. no data   >> current hour   blank: in the future", style="dim")


def _cell(count: int, most: int, valid: int) -> Line:
    if valid == CURRENT:
        return Line(">>", "red")
    if valid == FUTURE:
        return Line(BLANKS)
    if valid != HAS_ROW:
        return Line("..", "dim")
    step = 0 if not most else min(len(SHADES) - 1, (count * len(SHADES) - 1) // most if count else 0)
    shown = f"{count:2d}" if count < 100 else "99"
    return Line(shown, f"{'white' if step > 4 else 'black'} on {SHADES[step]}")


def hours(cells: list[dict[str, Any]]) -> None:
    """Closed hours, newest first."""
    table = Table("day", "hour", "events", title="Closed hours")
    table.add_column("free MiB", justify="right")
    for cell in cells:
        events = ", ".join(f"{name} {count:,}" for name, count in cell["summary"].items())
        space = cell["free_disk_space"]
        table.add_row(
            f"{DAYS[cell['day']]}, week {cell['week']}",
            f"{cell['hour']:02d}",
            events or "-",
            "unknown" if space < 0 else f"{space:,}",
        )
    Screen().show(table)


def anomalies(rows: list[dict[str, Any]]) -> None:
    """Anomalies with their levels."""
    table = Table("time (UTC)", "level", "events", title="Anomalies")
    for row in rows:
        name, colour = LEVELS[row["alarm"]]
        events = ", ".join(f"{event} {count:,}" for event, count in row["events"].items())
        table.add_row(row["when"].replace("T", " "), Line(name, colour), events or "-")
    Screen().show(table if rows else "no anomalies")


def recent_anomalies(document: dict[str, Any]) -> None:
    """The anomalies of the last minutes."""
    anomalies([{"when": when, "events": counts, "alarm": level} for when, (counts, level) in document.items()])


def activities(document: dict[str, Any]) -> None:
    """The event memory, newest first."""
    table = Table("number", "time (UTC)", "event", title="Events of the last minute")
    for number, (time, name) in reversed(document.items()):
        table.add_row(number, time.replace("T", " "), name)
    Screen().show(table if document else "no events in the last minute")


def summary(document: dict[str, Any]) -> None:
    """Counts by name."""
    table = Table("event", title="Events")
    table.add_column("last minute", justify="right")
    table.add_column("this hour", justify="right")
    for name, count in document["memory"].items():
        table.add_row(name, f"{count:,}", f"{document['hour'][name]:,}")
    Screen().show(table)


def signatures(table: Signatures) -> None:
    """The table of event signatures."""
    shown = Table("event", "source", "method", "pattern", "status", title="Event signatures")
    for row in table.rows:
        statuses = ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in row.statuses)
        cells = (row.name, row.source, row.method or ANY[0], row.pattern.text, statuses or ANY[0])
        shown.add_row(*cells)
    Screen().show(shown)


def disk(document: dict[str, Any]) -> None:
    """Free space and its level."""
    name, colour = LEVELS[document["level"]]
    free = document["free_disk_space"]
    Screen().show(Line.of("disk: ", (name, colour), "" if free < 0 else f" ({free:,} MiB free)"))
