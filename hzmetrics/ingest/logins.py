"""Which rows of auth logs are new: they equal none that is there, under the collation (spec 10 §6.3)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from hzmetrics.engine import Engine
from hzmetrics.ingest.ledger import Record
from hzmetrics.ingest.log_file import PACKAGE, Judged, LogFile
from hzmetrics.store.bulk import fitted_rows
from hzmetrics.store.database import Database
from hzmetrics.store.tables.metrics import userlogin

KEY = (userlogin.c.datetime, userlogin.c.user, userlogin.c.uidNumber, userlogin.c.ip, userlogin.c.action)
"""What makes a login: equal in all of these, under the collation, means the same event."""

DAYS_OF_A_QUERY = 100
"""Days whose logins are read at a time: the conditions of a query are limited."""


class NewLogins(Protocol):
    """Which rows of one log are new."""

    days: set[str]
    """Days of the rows so far."""

    def of(self, rows: pa.Table) -> pa.Table:
        """Those of a chunk's rows, as stored, that are neither in the database nor earlier in the log."""


class Search:
    """Compares the rows of a log with those that are there, chunk by chunk. Use as a context manager."""

    def __init__(self, database: Database, replaced: Record | None = None) -> None:
        """`replaced`: the record whose rows are deleted in the same transaction: they do not count as present."""
        self._engine = Engine(PACKAGE)
        self._database = database
        self._replaced = replaced
        self.days: set[str] = set()
        """Days of the rows so far; their logins are in `present_logins`."""
        self._newest: pa.Table | None = None
        """New logins that are not there yet."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._engine.__exit__(kind, error, trace)

    def of(self, rows: pa.Table) -> pa.Table:
        """Those of a chunk's rows that are new."""
        return self.numbered(rows).drop_columns("number")

    def numbered(self, rows: pa.Table) -> pa.Table:
        """Those of a chunk's rows that are new, each with its `number`: its place in the chunk."""
        if self._newest:
            self._engine.add("present_logins", self._newest)
        arriving = fitted_rows(userlogin, rows)
        days = _days(arriving) - self.days
        ordered = sorted(days)
        for place in range(0, max(1, len(ordered)), DAYS_OF_A_QUERY):
            some_days = ordered[place : place + DAYS_OF_A_QUERY]
            present = sa.select(*KEY).where(_on(some_days))
            if self._replaced and self._replaced.has_range:
                present = present.where(~userlogin.c.id.between(self._replaced.start, self._replaced.end))
            self._remember(self._database.read(present))
            self.days.update(some_days)
        self._engine.register("arriving_logins", arriving.append_column("number", pa.array(np.arange(len(rows)))))
        found = self._engine.table("new_logins")
        self._newest = found.drop_columns("number")
        return found

    def _remember(self, rows: pa.Table) -> None:
        if self.days:
            self._engine.add("present_logins", rows)
        else:
            self._engine.load("present_logins", rows)


@dataclass
class Found:
    """The new rows of a log that was judged together with others."""

    log: Judged[Any, Any]
    start: int
    """The next id of `userlogin` when the rows of the logs before it are there."""
    rows: pa.Table
    days: set[str]

    def of(self, rows: pa.Table) -> pa.Table:
        del rows
        return self.rows


class Logins:
    """Finds the new rows of the logs of a run: those of logs that were judged together, together too.

    A log's rows count only where those of the logs before it were stored as expected; otherwise they are found anew.
    """

    def __init__(self) -> None:
        self._found: deque[Found] = deque()

    def new(
        self,
        judged: LogFile[Any, Any] | Judged[Any, Any],
        following: Sequence[Judged[Any, Any]],
        database: Database,
        start: int,
        replaced: Record | None,
    ) -> AbstractContextManager[NewLogins]:
        """What tells which rows of a log are new, the first of which gets the id `start`.

        `following` are the logs judged together with it, in order.
        """
        if not isinstance(judged, Judged) or replaced:
            return Search(database, replaced)
        if not (self._found and self._found[0].log is judged and self._found[0].start == start):
            self._found = deque(_found(database, [judged, *following], start))
        return nullcontext(self._found.popleft())


def _found(database: Database, logs: Sequence[Judged[Any, Any]], start: int) -> Iterable[Found]:
    """The new rows of some logs, each compared with what is there and with the logs before it."""
    with Search(database) as search:
        found = search.numbered(pa.concat_tables(log.rows for log in logs))
    ends = np.cumsum([len(log.rows) for log in logs])
    places = np.searchsorted(found["number"].to_numpy(), ends).tolist()
    begin = 0
    for log, end in zip(logs, places, strict=True):
        rows = found.slice(begin, end - begin).drop_columns("number")
        yield Found(log, start, rows, _days(fitted_rows(userlogin, log.rows)))
        start += len(rows)
        begin = end


def _days(rows: pa.Table) -> set[str]:
    """The days of some rows."""
    return set(pc.utf8_slice_codeunits(rows["datetime"], 0, 10).unique().to_pylist())


def _on(days: Iterable[str]) -> sa.ColumnElement[bool]:
    """Logins of some days."""
    when = userlogin.c.datetime
    return sa.or_(sa.false(), *(sa.and_(when >= f"{day} 00:00:00", when <= f"{day} 23:59:59") for day in days))
