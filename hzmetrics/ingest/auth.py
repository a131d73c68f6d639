"""CMS auth logs: lines to the rows of `userlogin` (spec 10 §6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import pyarrow as pa
import sqlalchemy as sa

from hzmetrics.config import Settings
from hzmetrics.engine import Engine, Value
from hzmetrics.ingest import log_file
from hzmetrics.ingest.addresses import Clients
from hzmetrics.ingest.filters import DATE, Excludes
from hzmetrics.ingest.ledger import Record
from hzmetrics.ingest.log_file import ANY_DAY, PACKAGE, Judged, LogFile, Tally, day_limits, report_months, report_unread
from hzmetrics.log import log
from hzmetrics.logs.account import Account
from hzmetrics.logs.auth import AuthEvents
from hzmetrics.store.bulk import fitted_rows
from hzmetrics.store.database import Database
from hzmetrics.store.tables.metrics import userlogin

KEY = (userlogin.c.datetime, userlogin.c.user, userlogin.c.uidNumber, userlogin.c.ip, userlogin.c.action)
"""What makes a login: equal in all of these, under the collation, means the same event."""


DAYS_OF_A_QUERY = 100
"""Days whose logins are read at a time: the conditions of a query are limited."""


@dataclass(frozen=True)
class Rules(log_file.Rules):
    """What the lines of an auth log are filtered by, as it is when the log begins."""

    clients: Clients
    excluded: Sequence[str] = ()
    """The operator's filters of addresses."""
    days: Mapping[str, Value] = field(default_factory=lambda: ANY_DAY)

    @classmethod
    def read(cls, connection: sa.Connection, settings: Settings) -> Rules:
        excluded = Excludes.read(connection).ip
        return cls(Clients.of(settings.corrections, excluded), excluded, day_limits(settings))

    def agree(self, other: Rules) -> bool:
        return self.excluded == other.excluded


class AuthLog(LogFile[Rules, Tally]):
    """An auth log, filtered by its rules. Its rows may be there already (`NewLogins`)."""

    kind = None

    def __init__(self, rules: Rules) -> None:
        super().__init__(rules.days)
        self.events = AuthEvents(self.engine)
        self.begin(rules)

    @property
    def accounts(self) -> Sequence[Account]:
        return self.events.accounts

    def begin(self, rules: Rules, logs: int = 1) -> None:
        super().begin(rules, logs)
        self.events.begin(logs)

    def new_tally(self) -> Tally:
        return Tally()

    def filter(self, lines: pa.Table) -> pa.Table:
        self.read(lines)
        return self.engine.table("auth_event_counts")

    def rows(self) -> pa.Table:
        """The rows of `userlogin` that the chunk's lines become, with duplicates."""
        return self.engine.table("userlogin_rows")

    def read(self, lines: pa.Table) -> None:
        """Take a chunk's lines apart and look at their clients: `filtered_auth_events` tells which count."""
        self.events.read(lines)
        self.learn_clients("new_auth_clients")


class NewLogins:
    """Which rows of an auth log are new (spec 10 §6.3). Use as a context manager."""

    def __init__(self, database: Database, replaced: Record | None = None) -> None:
        """`replaced`: the record whose rows are deleted in the same transaction: they do not count as present."""
        self._engine = Engine(PACKAGE)
        self._database = database
        self._replaced = replaced
        self.days: set[str] = set()
        """Days of the events so far; their logins are in `present_logins`."""
        self._newest: pa.Table | None = None
        """New logins that are not there yet."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._engine.__exit__(kind, error, trace)

    def of(self, rows: pa.Table) -> pa.Table:
        """Those of a chunk's rows, as stored, that are neither in the database nor earlier in the file."""
        if self._newest:
            self._engine.add("present_logins", self._newest)
        arriving = fitted_rows(userlogin, rows)
        days = {text[:10] for text in arriving["datetime"].unique().to_pylist()} - self.days
        ordered = sorted(days)
        for place in range(0, max(1, len(ordered)), DAYS_OF_A_QUERY):
            some_days = ordered[place : place + DAYS_OF_A_QUERY]
            present = sa.select(*KEY).where(_on(some_days))
            if self._replaced and self._replaced.has_range:
                present = present.where(~userlogin.c.id.between(self._replaced.start, self._replaced.end))
            self._remember(self._database.read(present))
            self.days.update(some_days)
        self._engine.register(
            "arriving_logins", arriving.append_column("number", pa.array(range(len(rows)), pa.int64()))
        )
        self._newest = self._engine.table("new_logins")
        return self._newest

    def _remember(self, rows: pa.Table) -> None:
        if self.days:
            self._engine.add("present_logins", rows)
        else:
            self._engine.load("present_logins", rows)


def report(judged: LogFile[Rules, Tally] | Judged[Rules, Tally]) -> None:
    """Tell what became of a log's lines (spec 10 §16)."""
    tally = judged.tally
    log.info(
        "%d lines, %d kept, %d unrecognized, %d filtered, %d of other actions, %d of dates that cannot be",
        tally.lines,
        tally.kept.total(),
        tally.lines - tally.recognized,
        tally.dropped["filtered"],
        tally.dropped["other action"],
        tally.dropped[DATE],
    )
    report_unread(judged.account)
    report_months(tally.months)


def _on(days: Iterable[str]) -> sa.ColumnElement[bool]:
    """Logins of some days."""
    when = userlogin.c.datetime
    return sa.or_(sa.false(), *(sa.and_(when >= f"{day} 00:00:00", when <= f"{day} 23:59:59") for day in days))
