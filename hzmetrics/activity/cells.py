"""The activity table as text: cells, order, badge (spec 80 §9). Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, TypeVar

from hzmetrics.calendar import epoch
from hzmetrics.rounding import half_up

Row = Mapping[str, Any]
AnyRow = TypeVar("AnyRow", bound=Row)
NONE = "--"


def badge(rows: Sequence[Row]) -> str:
    """The number of users, in all and by status."""
    found = Counter(map(status, rows))
    users = f"{len(rows)} user{'' if len(rows) == 1 else 's'}"
    return f"{users} ({found['Active']} active, {found['Inactive']} idle, {found['Offline']} offline)"


def cells(row: Row, now: int) -> dict[str, str]:
    """One user's cells, by column heading."""
    volumes = sorted((row["volume_breakdown"] or {}).items())
    return {
        "User": row["username"],
        "Auth": "yes" if row["is_authorized"] else "no",
        "Status": status(row),
        "CPU": NONE if row["cpu_percent"] is None else f"{half_up(row['cpu_percent'], 1):.1f}%",
        "Memory": NONE if row["memory_mb"] is None else size(row["memory_mb"]),
        "Volumes": size(row["volume_size_mb"]) if row["volume_size_mb"] else NONE,
        "Volumes tooltip": "\n".join(f"{name}: {size(megabytes)}" for name, megabytes in volumes),
        "Time Left": time_left(row["time_remaining_seconds"]),
        "Last Active": ago(row["last_activity"], now),
    }


def status(row: Row) -> str:
    """Active, Inactive or Offline."""
    if not row["server_active"]:
        return "Offline"
    return "Active" if row["recently_active"] else "Inactive"


def size(megabytes: float) -> str:
    """A size in MB, from 1024 MB on in GB with one decimal."""
    if megabytes >= 1024:
        return f"{half_up(megabytes / 1024, 1):.1f} GB"
    return f"{half_up(megabytes, 0):.0f} MB"


def time_left(seconds: float | None) -> str:
    """The time until the server is stopped."""
    if seconds is None:
        return NONE
    if seconds <= 0:
        return "Expiring..."
    minutes = int(seconds // 60)
    hours, days = minutes // 60, minutes // 1440
    if days:
        return f"{days}d {hours % 24}h"
    return f"{hours}h {minutes % 60}m" if hours else f"{minutes}m"


def ago(instant: str | None, now: int) -> str:
    """The time since an instant."""
    if instant is None:
        return NONE
    minutes = int((now - epoch(instant)) // 60)
    for unit, length in (("month", 43_200), ("day", 1440), ("hour", 60), ("minute", 1)):
        if minutes >= length:
            number = minutes // length
            return f"{number} {unit}{'' if number == 1 else 's'} ago"
    return "now"


COLUMNS: Mapping[str, Callable[[Row], Any]] = {
    "username": lambda row: row["username"].casefold(),
    "is_authorized": lambda row: row["is_authorized"],
    "status": lambda row: row["server_active"] + (row["server_active"] and row["recently_active"]),
    "cpu_percent": lambda row: row["cpu_percent"],
    "memory_mb": lambda row: row["memory_mb"],
    "memory_percent": lambda row: row["memory_percent"],
    "volume_size_mb": lambda row: row["volume_size_mb"] or None,
    "time_remaining_seconds": lambda row: row["time_remaining_seconds"],
    "last_activity": lambda row: row["last_activity"],
    "activity_score": lambda row: row["activity_score"],
}
"""The columns by which a table can be sorted, with their values."""


def ordered(rows: Sequence[AnyRow], column: str = "status", ascending: bool = False) -> list[AnyRow]:
    """Rows sorted by a column, equal ones by user name; rows without a value come last in either direction."""
    value = COLUMNS[column]
    by_name = sorted(rows, key=lambda row: row["username"].casefold())
    valued = [(value(row), row) for row in by_name]
    known = sorted((one for one in valued if one[0] is not None), key=itemgetter(0), reverse=not ascending)
    return [row for _, row in known] + [row for found, row in valued if found is None]
