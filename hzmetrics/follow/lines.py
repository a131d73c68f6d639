"""What the lines of a followed log say, with their instants (spec 84 §3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from hzmetrics.follow.times import LATEST, LogClock
from hzmetrics.logs.formats import AUTO

LONGEST_LINE = 65_536
"""Characters; a longer line is no record of anything."""


class Entry(NamedTuple):
    """One line, recognized. For auth lines `target` is the action and `method` is empty."""

    source: str
    """access, auth or jupyterhub."""
    time: int
    """UTC, seconds of the epoch."""
    method: str
    target: str
    status: int
    """0 where the log has none."""
    user: str
    """Empty where the log has none."""
    address: str
    duration: float
    """Seconds; 0 where the log has none."""


def read(source: str, lines: Sequence[str], clock: LogClock, log_format: str = AUTO) -> Iterator[Entry]:
    """The entries in some lines of a log, in order; lines that are none are missing."""
    short = {number: line for number, line in enumerate(lines) if 0 < len(line) <= LONGEST_LINE}
    if not short:
        return
    import pyarrow as pa  # only where there is something to read: an idle tick is cheap

    from hzmetrics.logs.entries import entries

    table = pa.table({"number": pa.array(short, pa.int64()), "line": pa.array(short.values(), pa.string())})
    zone = clock.zone.key if isinstance(clock.zone, ZoneInfo) else "UTC"
    for row in entries(source, table, zone, log_format).to_pylist():
        time = clock.epoch(row["local"], row["zone"] or None) if row["instant"] is None else row["instant"]
        if time is not None and 0 <= time <= LATEST:
            values = (row[name] for name in ("method", "target", "status", "user", "address", "duration"))
            yield Entry(source, time, *values)
