"""Activity and active users as tables in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from hzmetrics.activity import cells
from hzmetrics.activity.score import SEGMENTS, effective_half_life
from hzmetrics.activity.settings import Scoring
from hzmetrics.output.terminal import Line, Screen, Table

COLOURS = {"Active": "green", "Inactive": "yellow", "Offline": "red"}
NEWEST = 48
"""Hours that the history shows."""
WIDE = 140
"""Width of the output if it is not a terminal."""


def show(document: Mapping[str, Any], shown: Sequence[Mapping[str, Any]], now: int) -> None:
    """The table of users with a bar for the score; `shown` are the rows of the document to print."""
    screen = Screen()
    if not screen.is_terminal:
        screen.width = WIDE
    rows = document["users"]
    if not rows:
        screen.show("no users yet: a user is listed who has a running server, a sample, or a known last activity")
        return
    table = Table(title=cells.badge(rows))
    for heading in ("User", "Auth", "Status", "CPU", "Memory", "Volumes", "Time Left", "Last Active", "Activity"):
        table.add_column(
            heading,
            no_wrap=heading != "User",
            justify="right" if heading in ("CPU", "Memory", "Volumes", "Time Left") else "left",
        )
    for row in shown:
        cell = cells.cells(row, now)
        table.add_row(
            Line(row["username"], "bold"),
            cell["Auth"],
            Line(cell["Status"], COLOURS[cell["Status"]]),
            *(cell[heading] for heading in ("CPU", "Memory", "Volumes", "Time Left", "Last Active")),
            _bar(row["derived"]),
        )
    screen.show(table)
    if len(shown) < len(rows):
        screen.show(f"and {len(rows) - len(shown):,} more users; to show all, use --limit 0", style="dim")
    screen.show(document["sampling_status"], style="dim")


def _bar(derived: Mapping[str, Any]) -> Line:
    if derived["percent"] is None:
        return Line("--")
    lit = derived["segments"]
    bar = Line("■" * lit, derived["colour"] or "")
    bar.append("□" * (SEGMENTS - lit), style="dim")
    bar.append(f" {derived['percent']}%" if derived["enough_data"] else " (not enough data)", style="default")
    return bar


def half_lives(scoring: Scoring) -> None:
    """The effective half-life by hours of work a day, for the usual half-lives and the configured one."""
    choices = sorted({24, 48, 72, scoring.half_life})
    table = Table("work", title="Half-life in working hours")
    for choice in choices:
        table.add_column(f"{choice} h", justify="right")
    for hours in (12, 10, 8, 6, 4, 2):
        row = (effective_half_life(hours, replace(scoring, half_life=choice)) for choice in choices)
        table.add_row(f"{hours} h a day", *(f"{value:.1f}" for value in row))
    Screen().show(table)


def counts(document: Mapping[str, Any]) -> None:
    """The latest counts."""
    if document["updated"] is None:
        Screen().show("no counts yet: the first tick counts")
        return
    table = Table("active users of the past")
    table.add_column("users", justify="right")
    for gauge, name in (("active_users_1d", "day"), ("active_users_7d", "week"), ("active_users_30d", "month")):
        table.add_row(name, f"{document[gauge]:,}")
    screen = Screen()
    screen.show(table)
    screen.show(f"counted {document['updated']}", style="dim")


def history(rows: Sequence[Mapping[str, Any]]) -> None:
    """The newest stored counts."""
    table = Table("time (UTC)", title="Active users")
    for heading in ("day", "week", "month"):
        table.add_column(heading, justify="right")
    for row in rows[-NEWEST:]:
        time, *numbers = row.values()
        table.add_row(time.replace("T", " ").rstrip("Z"), *(f"{number:,}" for number in numbers))
    Screen().show(table if rows else "no counts yet: the first tick counts")
