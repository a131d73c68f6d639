"""Lines of a log that is followed: to who did what and when, the same columns for every source (spec 84 §3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import chain
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from hzmetrics.engine import Engine, relation
from hzmetrics.logs.auth import AuthEvents
from hzmetrics.logs.clock import LogClock, readings
from hzmetrics.logs.formats import AUTO, HUB
from hzmetrics.logs.requests import PACKAGE, Requests
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


Said = Callable[[pa.Table], pa.Table]
"""From lines to what they say, without the instants of local times."""


class Entries:
    """Reads one log, of which lines come in order: to what they say. Use as a context manager."""

    def __init__(self, source: str, settings: LogSettings, clock: LogClock) -> None:
        self.clock = clock
        self._engines = ExitStack()
        self._engine = self._engines.enter_context(Engine(PACKAGE))
        for name, time in zip(("earliest_time", "latest_time"), settings.times, strict=True):
            self._engine.set_variable(name, str(time))
        self._readers: list[Said] = []
        self._other_readers = self._open(source, settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._engines.__exit__(kind, error, trace)

    def read(self, lines: pa.Table) -> pa.Table:
        """What lines (number, line) say, in their order, in `COLUMNS`; lines that say nothing are missing."""
        engine, clock = self._engine, self.clock
        engine.register("said", self._said(lines))
        minutes = engine.query("SELECT DISTINCT local[1:16] AS minute FROM said WHERE instant IS NULL")
        found = list(readings(minutes["minute"].to_pylist(), clock.zone))
        engine.register("readings", relation(found, READINGS))
        engine.set_variable("last_local", clock.last)
        engine.set_variable("is_second", clock.is_second)
        entries = engine.table("entries")
        last = "FROM said LEFT JOIN turns USING (number) WHERE instant IS NULL AND zone IN ('', '-')"
        for row in engine.query(f"SELECT local, is_second {last} ORDER BY number DESC LIMIT 1").to_pylist():
            clock.last, clock.is_second = row["local"], bool(row["is_second"])
        return entries.select(COLUMNS)

    def _said(self, lines: pa.Table) -> pa.Table:
        """What lines say to the first reader that can read them."""
        found: list[pa.Table] = []
        for reader in chain(self._readers, self._more_readers()):
            found.append(reader(lines))
            if len(found[-1]) == len(lines):
                break
            lines = lines.filter(pc.invert(pc.is_in(lines["number"], found[-1]["number"].combine_chunks())))
        return pa.concat_tables(found)

    def _more_readers(self) -> Iterator[Said]:
        """Readers that no line needed before."""
        for reader in self._other_readers:
            self._readers.append(reader)
            yield reader

    def _open(self, source: str, settings: LogSettings) -> Iterator[Said]:
        """The readers of a source, in the order in which lines are given to them."""
        if source == "auth":
            yield _reader(self._engine, AuthEvents(self._engine).read, "auth_entries")
        elif source == "jupyterhub":
            yield self._requests(self._engine, "jupyterhub", settings)
        else:
            yield self._requests(self._engine, settings.format, settings)
            if settings.format == HUB:  # web servers beside the hub's need no configuration
                yield self._requests(self._engines.enter_context(Engine(PACKAGE)), AUTO, settings)

    def _requests(self, engine: Engine, log_format: str, settings: LogSettings) -> Said:
        """The reader of requests in a format; the time zone counts for the names of zones."""
        zone = self.clock.zone.key if isinstance(self.clock.zone, ZoneInfo) else "UTC"
        requests = Requests(engine, LogSettings(log_format, settings.fields, settings.proxies, zone, CORRECTIONS))
        return _reader(engine, requests.take_apart, "hub_entries" if log_format == HUB else "request_entries")


def _reader(engine: Engine, take_apart: Callable[[pa.Table], None], model: str) -> Said:
    def read(lines: pa.Table) -> pa.Table:
        take_apart(lines)
        return engine.table(model)

    return read
