"""The hours of a week, 7 x 24 (spec 84 §8)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

HAS_ROW, MISSING, FUTURE, CURRENT = 0, -1, -2, -3


@dataclass
class Hour:
    """A closed hour, or the sum of several that fall into one cell."""

    start: dt.datetime
    """UTC, aware."""
    summary: Mapping[str, int] = field(default_factory=dict)
    free_disk_space: int = -1


def week_start(now: dt.datetime, weeks_ago: int, zone: dt.tzinfo) -> dt.datetime:
    """Monday 00:00 local, as a naive time, of the week that holds `now`, or of one before."""
    local = now.astimezone(zone).replace(tzinfo=None)
    monday = local.date() - dt.timedelta(days=local.weekday() + 7 * weeks_ago)
    return dt.datetime.combine(monday, dt.time())


def week(rows: Iterable[Hour], now: dt.datetime, weeks_ago: int, zone: dt.tzinfo) -> list[dict[str, Any]]:
    """The 168 cells of a week, Monday 00 first. `now` is aware."""
    monday = week_start(now, weeks_ago, zone)
    cells: dict[dt.datetime, Hour] = {}
    for row in sorted(rows, key=lambda row: row.start):
        local = row.start.astimezone(zone).replace(tzinfo=None, minute=0, second=0)
        cells[local] = _together(cells[local], row) if local in cells else row
    current = now.astimezone(zone).replace(tzinfo=None, minute=0, second=0, microsecond=0)
    return [_cell(monday + dt.timedelta(hours=number), cells, current) for number in range(7 * 24)]


def cell_of(row: Hour, zone: dt.tzinfo) -> dict[str, Any]:
    """The cell of one closed hour."""
    local = row.start.astimezone(zone).replace(tzinfo=None)
    return _cell(local, {local: row}, local)


def _together(first: Hour, second: Hour) -> Hour:
    """Two hours in one cell, on the night when clocks go back: the sums, and the later known free space."""
    names = {**first.summary, **second.summary}
    summary = {name: first.summary.get(name, 0) + second.summary.get(name, 0) for name in names}
    space = second.free_disk_space if second.free_disk_space != -1 else first.free_disk_space
    return Hour(first.start, summary, space)


def _cell(local: dt.datetime, cells: Mapping[dt.datetime, Hour], current: dt.datetime) -> dict[str, Any]:
    row = cells.get(local)
    year, number, _ = local.isocalendar()
    if row is not None:
        valid = HAS_ROW
    elif local == current:
        valid = CURRENT
    else:
        valid = FUTURE if local > current else MISSING
    return {
        "year": year,
        "week": number,
        "day": local.weekday(),
        "hour": local.hour,
        "summary": dict(sorted(row.summary.items())) if row else {},
        "free_disk_space": row.free_disk_space if row else -1,
        "valid": valid,
    }
