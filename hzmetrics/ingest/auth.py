"""CMS auth logs: lines to the rows of `userlogin` (spec 10 §6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import pyarrow as pa
import sqlalchemy as sa

from hzmetrics.config import Settings
from hzmetrics.ingest.addresses import Clients
from hzmetrics.ingest.filters import DATE, Excludes
from hzmetrics.ingest.ledger import Record
from hzmetrics.ingest.log_file import LogFile, day_limits, report_months, report_unread
from hzmetrics.log import log
from hzmetrics.logs.auth import AuthEvents
from hzmetrics.logs.reader import LogStream
from hzmetrics.store.bulk import fitted_rows
from hzmetrics.store.database import Database
from hzmetrics.store.tables.metrics import userlogin

KEY = (userlogin.c.datetime, userlogin.c.user, userlogin.c.uidNumber, userlogin.c.ip, userlogin.c.action)
"""What makes a login: equal in all of these, under the collation, means the same event."""


DAYS_OF_A_QUERY = 100
"""Days whose logins are read at a time: the conditions of a query are limited."""


@dataclass
class Tally:
    """What became of a file's lines."""

    lines: int = 0
    kept: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    months: set[str] = field(default_factory=set)

    @property
    def unrecognized(self) -> int:
        return self.lines - self.kept - self.dropped.total()


class AuthLog(LogFile):
    """An auth log, filtered."""

    def __init__(self, connection: sa.Connection, settings: Settings, replaced: Record | None = None) -> None:
        """`replaced`: the record whose rows are deleted in the same transaction: they do not count as present."""
        clients = Clients.of(settings, Excludes.read(connection).ip)
        super().__init__(clients, day_limits(settings))
        self.events = AuthEvents(self.engine)
        self.tally = Tally()
        self._replaced = replaced
        self.days: set[str] = set()
        """Days of the events so far; their logins are in `present_logins`."""

    def kept(self, stream: LogStream) -> Iterator[pa.Table]:
        """The events that count, without ids and with duplicates, chunk by chunk in file order."""
        for lines in self.chunks(stream):
            self.read(lines)
            self._count(len(lines))
            yield self.engine.table("userlogin_rows")
        self.tally.lines += stream.blank

    def read(self, lines: pa.Table) -> None:
        """Take a chunk's lines apart and look at their clients: `filtered_auth_events` tells which count."""
        self.events.read(lines)
        self.learn_clients("new_auth_clients")

    def new(self, database: Database, rows: pa.Table) -> pa.Table:
        """Those of a chunk's rows, as stored, that are neither in the database nor earlier in the file.

        See spec 10 §6.3.
        """
        arriving = fitted_rows(userlogin, rows)
        days = {text[:10] for text in arriving["datetime"].unique().to_pylist()} - self.days
        ordered = sorted(days)
        for place in range(0, max(1, len(ordered)), DAYS_OF_A_QUERY):
            some_days = ordered[place : place + DAYS_OF_A_QUERY]
            present = sa.select(*KEY).where(_on(some_days))
            if self._replaced and self._replaced.has_range:
                present = present.where(~userlogin.c.id.between(self._replaced.start, self._replaced.end))
            self._remember(database.read(present))
            self.days.update(some_days)
        self.engine.register(
            "arriving_logins", arriving.append_column("number", pa.array(range(len(rows)), pa.int64()))
        )
        new = self.engine.table("new_logins")
        self._remember(new)
        return new

    def _remember(self, rows: pa.Table) -> None:
        if self.days:
            self.engine.add("present_logins", rows)
        else:
            self.engine.load("present_logins", rows)

    def _count(self, lines: int) -> None:
        self.tally.lines += lines
        for row in self.engine.table("auth_event_counts").to_pylist():
            if row["dropped_by"] != DATE:
                self.tally.months.add(row["day"][:7])
            if row["dropped_by"]:
                self.tally.dropped[row["dropped_by"]] += row["lines"]
            else:
                self.tally.kept += row["lines"]

    def report(self) -> None:
        """Tell what became of the lines (spec 10 §16)."""
        tally = self.tally
        log.info(
            "%d lines, %d kept, %d unrecognized, %d filtered, %d of other actions, %d of dates that cannot be",
            tally.lines,
            tally.kept,
            tally.unrecognized,
            tally.dropped["filtered"],
            tally.dropped["other action"],
            tally.dropped[DATE],
        )
        report_unread(self.events.account)
        report_months(tally.months)


def _on(days: Iterable[str]) -> sa.ColumnElement[bool]:
    """Logins of some days."""
    when = userlogin.c.datetime
    return sa.or_(sa.false(), *(sa.and_(when >= f"{day} 00:00:00", when <= f"{day} 23:59:59") for day in days))
