"""The pieces of work that the requests of a lake are made of, each for one log or for some small ones.

1. The lines are parsed, and judged by every rule that needs no other log. What is kept is written as it stands in the
   log, with the bots that the log shows.
2. Requests of agents that earlier logs had shown to be bots are dropped. The others are numbered, and written by month.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hzmetrics import files
from hzmetrics.calendar import Month
from hzmetrics.engine import Engine, Value
from hzmetrics.ingest.access import AccessLog, Rules
from hzmetrics.ingest.bots import Bots
from hzmetrics.ingest.filters import Excludes
from hzmetrics.ingest.log_file import Judged, LogFile
from hzmetrics.ingest.readers import SMALL
from hzmetrics.lake import storage
from hzmetrics.lake.place import Place
from hzmetrics.lake.rows import register, rows_of, write
from hzmetrics.lake.storage import Location
from hzmetrics.logs.account import Account
from hzmetrics.logs.packing import Limits, UnreadableLog
from hzmetrics.logs.reader import Identity, open_log
from hzmetrics.logs.settings import LogSettings
from hzmetrics.store.bulk import fitted_rows
from hzmetrics.store.tables.metrics import web

STORED = {
    "datetime": pa.string(),
    "ip": pa.string(),
    "content": pa.string(),
    "referrer": pa.string(),
    "useragent": pa.string(),
    "uidNumber": pa.int64(),
    "dnload": pa.int64(),
}
"""Columns of `web` that a request of a lake has."""

WRITTEN = pa.schema({"place": pa.int64(), "agent": pa.string(), **STORED})
"""What the first step writes: `place` is the place among the kept lines, `agent` the whole user agent."""


NO_AGENTS = pa.schema({"agent": pa.string(), "requests": pa.int64()}).empty_table()


@dataclass(frozen=True)
class Found:
    """What the first step found in a log."""

    error: str = ""
    """Why the log cannot be read; empty: it was."""
    text: Identity | None = None
    account: Account = field(default_factory=Account)
    bots: tuple[str, ...] = ()
    """User agents that look like bots, in the order of their first lines."""


class Unrelated(Rules):
    """The rules of logs that are judged together and do not know each other's bots: step 2 tells them."""

    def next(self) -> Self:
        return replace(self, bots=replace(self.bots, flagged=[]))


@dataclass(frozen=True)
class Reading:
    """How the logs of a lake are read."""

    limits: Limits
    excludes: Excludes
    logs: LogSettings
    days: Mapping[str, Value]

    @property
    def rules(self) -> Rules:
        """The rules of a log that stands alone."""
        return Unrelated.of(self.excludes, Bots.of((), self.logs.corrections), self.logs, self.days)


@dataclass(frozen=True)
class ReadLogs(ABC):
    """Step 1, of one log or of small ones together. A log that cannot be read is no error: the others go on."""

    place: Place
    logs: tuple[tuple[int, Path], ...]
    """Under which numbers they are read."""
    reading: Reading

    def __call__(self) -> list[Found]:
        """What was found in each."""
        found = self._together() if len(self.logs) > 1 else {}
        return [found[number] if number in found else self._alone(number, path) for number, path in self.logs]

    @abstractmethod
    def judging(self) -> LogFile[Any, Any]:
        """What judges the logs, to be used as a context manager."""

    @abstractmethod
    def keep(self, number: int, chunks: Iterator[pa.Table]) -> None:
        """Write the rows of a log. Raises StoreUnavailable."""

    @abstractmethod
    def found(self, text: Identity, judged: LogFile[Any, Any] | Judged[Any, Any]) -> Found:
        """What was found in a log, once its rows are written."""

    def _alone(self, number: int, path: Path) -> Found:
        try:
            with open_log(path, self.reading.limits) as stream, self.judging() as log:
                stream.require_packed_as_named(path)
                self.keep(number, log.kept(stream))
                stream.require_unchanged(path)
                return self.found(stream.identity, log)
        except UnreadableLog as error:
            return Found(str(error))

    def _together(self) -> dict[int, Found]:
        """What was found in those that are small. One that cannot be read is left out: alone, it says why."""
        small = {}
        for number, path in self.logs:
            with suppress(UnreadableLog), open_log(path, self.reading.limits) as stream:
                stream.require_packed_as_named(path)
                lines = stream.lines_up_to(SMALL)
                stream.require_unchanged(path)
                if lines is not None:
                    small[number] = lines, stream.blank, stream.identity
        if not small:
            return {}
        found = {}
        with self.judging() as log:
            judged = log.judge(log.rules, [(lines, blank) for lines, blank, _ in small.values()])
            for (number, (_, _, text)), one in zip(small.items(), judged, strict=True):
                self.keep(number, iter([one.rows]))
                found[number] = self.found(text, one)
        return found


@dataclass(frozen=True)
class ReadAccessLogs(ReadLogs):
    """The kept requests of access logs, and how many each user agent made."""

    def judging(self) -> AccessLog:
        return AccessLog(self.reading.rules)

    def keep(self, number: int, chunks: Iterator[pa.Table]) -> None:
        counts = [NO_AGENTS]
        write_chunks(self.place.read_log(number), WRITTEN, (self._stored(rows, counts) for rows in chunks))
        agents = pa.concat_tables(counts).group_by("agent").aggregate([("requests", "sum")])
        with storage.replacing(self.place.read_agents(number), files.SECRET) as temporary:
            pq.write_table(agents.rename_columns(NO_AGENTS.column_names), temporary)

    def found(self, text: Identity, judged: LogFile[Any, Any] | Judged[Any, Any]) -> Found:
        return Found("", text, judged.account, tuple(judged.rules.bots.flagged))

    def _stored(self, rows: pa.Table, counts: list[pa.Table]) -> pa.Table:
        """Rows as they are stored; their user agents are added to `counts`."""
        agents = rows["useragent"]
        found = pc.value_counts(agents)
        counts.append(pa.table([found.field("values"), found.field("counts")], NO_AGENTS.schema))
        return fitted_rows(web, rows.select(list(STORED))).append_column("agent", agents)


def write_chunks(path: Location, schema: pa.Schema, chunks: Iterator[pa.Table]) -> None:
    """Write the rows of a log as they come, with their `place` in it. Raises StoreUnavailable."""
    place = 0
    with storage.replacing(path, files.SECRET) as temporary, pq.ParquetWriter(temporary, schema) as writer:
        for rows in chunks:
            places = pa.array(range(place, place + rows.num_rows), pa.int64())
            place += rows.num_rows
            writer.write_table(rows.append_column("place", places).select(schema.names))


@dataclass(frozen=True)
class PlaceRequests:
    """Step 2. Returns the months of the requests."""

    place: Place
    read: int
    """The number under which the log was read."""
    number: int
    """Its number in the lake."""
    first: int
    """The number of its first request."""
    dropped: tuple[str, ...]
    """The agents whose requests are dropped."""
    zone: str
    """The time zone of the log's times."""

    def __call__(self) -> tuple[Month, ...]:
        with Engine("hzmetrics.enrich") as engine:
            engine.set_variable("dropped", list(self.dropped))
            engine.set_variable("zone", self.zone)
            engine.keep(
                "requests",
                f"""
                SELECT
                    row_number() OVER (ORDER BY place) - 1 + {self.first} AS id,
                    datetime,
                    epoch(datetime::TIMESTAMP AT TIME ZONE getvariable('zone'))::BIGINT AS t,
                    fold(ip) AS address,
                    * EXCLUDE (place, agent, datetime)
                FROM {rows_of(engine, [self.place.read_log(self.read)])} AS lines
                LEFT JOIN {self._addresses(engine)} AS names USING (ip)
                WHERE agent NOT IN (SELECT unnest(getvariable('dropped')))
                """,
            )
            self._clean(engine)
            found = engine.query("SELECT DISTINCT datetime[:7] AS month FROM requests ORDER BY month")
            months = tuple(map(Month.parse, found["month"].to_pylist()))
            for month in months:
                of_month = f"FROM requests WHERE datetime >= '{month.start}' AND datetime < '{month.stop}'"
                write(
                    engine,
                    f"SELECT * {of_month} ORDER BY address, datetime, id",
                    self.place.made(self.place.requests(month, self.number)),
                    files.SECRET,
                )
            return months

    def targets(self, months: Iterable[Month]) -> list[Location]:
        """The files that the lake gets."""
        return [self.place.requests(month, self.number) for month in months]

    def _addresses(self, engine: Engine) -> str:
        """What is known of addresses, as SQL names it."""
        if self.place.has_dimension("addresses"):
            return rows_of(engine, [self.place.dimension("addresses")])
        return (
            "(SELECT NULL::VARCHAR AS ip, NULL::VARCHAR AS host, NULL::VARCHAR AS domain, NULL::VARCHAR AS ipcountry)"
        )

    def _clean(self, engine: Engine) -> None:
        """Delete the requests that a filter of hosts or domains matches (spec 20 §6)."""
        if self.place.has_dimension("exclude_list"):
            register(engine, "filters", [self.place.dimension("exclude_list")])
            engine.define("checked_rows", "SELECT id, host, domain FROM requests", reads=())
            engine.build("bot_rows")
            engine.connection.execute("DELETE FROM requests WHERE id IN (SELECT id FROM bot_rows)")
