"""Lines of a log that is followed: to who did what and when, the same columns for every source (spec 84 §3)."""

from __future__ import annotations

from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

import pyarrow as pa

from hzmetrics.engine import Engine, relation
from hzmetrics.logs.auth import AuthEvents
from hzmetrics.logs.clock import LogClock, readings
from hzmetrics.logs.formats import AUTO, HUB
from hzmetrics.logs.requests import ROOM, Requests
from hzmetrics.logs.settings import LogSettings

CORRECTIONS = frozenset({"ipv6", "zones", "absolute-urls"})
"""What is corrected about the lines of a hub: nothing was ever published of followed ones."""

READINGS = {
    "minute": pa.string(), "first": pa.int64(), "second": pa.int64(), "first_zone": pa.string(),
    "second_zone": pa.string(), "is_repeated": pa.bool_(), "is_near": pa.bool_(),
}  # fmt: skip

COLUMNS = ["time", "method", "target", "status", "user", "address", "duration"]
"""Of an entry: UTC seconds of the epoch; method and target of the request (of an auth log: none, and the action);
status (0: none); user and address (empty: none); seconds."""


class Entries:
    """Reads one log, of which lines come in order: to what they say. Use as a context manager."""

    def __init__(self, source: str, settings: LogSettings, clock: LogClock) -> None:
        self.engine = Engine()
        self.clock = clock
        if source == "auth":
            self._take_apart = AuthEvents(self.engine).read
        else:
            self._take_apart = Requests(self.engine, _settings(source, settings, clock)).take_apart
        self._said = "auth_entries" if source == "auth" else "request_entries"
        self.engine.models(ROOM, [self._said])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.engine.__exit__(kind, error, trace)

    def read(self, lines: pa.Table) -> pa.Table:
        """What lines (number, line) say, in their order, in `COLUMNS`; lines that say nothing are missing."""
        engine = self.engine
        self._take_apart(lines)
        engine.register("said", engine.table(self._said))
        minutes = engine.query("SELECT DISTINCT local[1:16] AS minute FROM said WHERE instant IS NULL")
        found = list(readings(minutes["minute"].to_pylist(), self.clock.zone))
        engine.register("readings", relation(found, READINGS))
        engine.set_variable("last_local", self.clock.last)
        engine.set_variable("is_second", self.clock.is_second)
        engine.hold(ROOM, "entries")
        last = engine.query("SELECT local, is_second FROM entries WHERE is_plain ORDER BY number DESC LIMIT 1")
        for row in last.to_pylist():
            self.clock.last, self.clock.is_second = row["local"], row["is_second"]
        return engine.table("entries").select(COLUMNS)


def _settings(source: str, settings: LogSettings, clock: LogClock) -> LogSettings:
    """How the requests of a source are read: those of a hub, and where no format is configured any."""
    log_format = "jupyterhub" if source == "jupyterhub" else AUTO if settings.format == HUB else settings.format
    zone = clock.zone.key if isinstance(clock.zone, ZoneInfo) else "UTC"
    return LogSettings(log_format, settings.fields, settings.proxies, zone, CORRECTIONS)
