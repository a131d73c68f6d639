"""What access and auth logs have in common: an engine that filters the lines of one log, or of several together."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from types import TracebackType
from typing import Generic, Self, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hzmetrics.calendar import some
from hzmetrics.config import Settings
from hzmetrics.engine import Engine, Value, relation
from hzmetrics.ingest.addresses import CLIENTS, Clients
from hzmetrics.ingest.filters import DATE
from hzmetrics.log import log
from hzmetrics.logs.account import Account
from hzmetrics.logs.reader import LOG, LogStream
from hzmetrics.logs.remedy import nearest
from hzmetrics.logs.requests import PACKAGE as LOGS
from hzmetrics.logs.requests import Kind

PACKAGE = "hzmetrics.ingest"
"""Where the models of imports are."""

ANY_DAY: Mapping[str, Value] = {"earliest_day": dt.date.min.isoformat(), "latest_day": dt.date.max.isoformat()}
"""The limits that no line is beyond."""


def day_limits(settings: Settings) -> Mapping[str, Value]:
    """The first and the last day of lines that are kept (correction plausible-dates), as variables of models."""
    if "plausible-dates" not in settings.corrections:
        return ANY_DAY
    first, last = settings.plausible_days
    return {"earliest_day": first.isoformat(), "latest_day": last.isoformat()}


class Rules(ABC):
    """What a log's lines are filtered by, as it is when the log begins."""

    clients: Clients
    days: Mapping[str, Value]
    """The days whose lines are kept."""

    @abstractmethod
    def agree(self, other: Self) -> bool:
        """Whether the database says the same as for other rules of the same settings."""

    def next(self) -> Self:
        """The rules of the next log, once what this one shows is stored."""
        return self


@dataclass
class Tally:
    """What became of a log's lines."""

    dropped: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)
    """Kept lines by day, `YYYY-MM-DD`."""
    months: set[str] = field(default_factory=set)
    """Months of the recognized lines whose dates are believed."""

    @property
    def recognized(self) -> int:
        return self.kept.total() + self.dropped.total()


R = TypeVar("R", bound=Rules)
T = TypeVar("T", bound=Tally)

Complete = Callable[[pa.Table], pa.Table]
"""Gives rows that lines became the values of further columns."""


def as_they_are(rows: pa.Table) -> pa.Table:
    """Completes rows of which nothing else is known."""
    return rows


@dataclass(frozen=True)
class Judged(Generic[R, T]):
    """A log all of whose lines have been judged."""

    rules: R
    tally: T
    account: Account
    kind: Kind | None
    rows: pa.Table
    """What the lines become, without ids."""
    is_complete: bool = False
    """Whether they have what else is known of them."""

    def kept(self, stream: LogStream) -> Iterator[pa.Table]:
        """The rows. Of the stream nothing is read any more."""
        del stream
        yield self.rows


class LogFile(ABC, Generic[R, T]):
    """A log and an engine that filters its lines. Use as a context manager.

    It can be begun anew, with another log whose format is configured; small ones can be judged together. The engine
    knows the relation `clients` (address, stored, is_ipv6, is_excluded), and `variables` by name.
    """

    any_server = False
    """Whether the log may be another server's than the hub's."""

    def __init__(self, variables: Mapping[str, Value], complete: Complete = as_they_are) -> None:
        """`complete`: what else is known of the rows. Those of logs that are judged together are completed later."""
        self.engine = Engine(LOGS, PACKAGE)
        self._complete = complete
        for name, value in variables.items():
            self.engine.set_variable(name, value)
        self._rules: list[R]
        self._tallies: list[T]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.engine.__exit__(kind, error, trace)

    @property
    def rules(self) -> R:
        """The rules of the log that is read."""
        return self._rules[0]

    @property
    def tally(self) -> T:
        """What became of its lines."""
        return self._tallies[0]

    @property
    def account(self) -> Account:
        """What they were read as."""
        return self.accounts[0]

    @property
    @abstractmethod
    def accounts(self) -> Sequence[Account]:
        """What the lines of each of several logs were read as."""

    @property
    @abstractmethod
    def kind(self) -> Kind | None:
        """The format of the log, and how it is known."""

    def begin(self, rules: R, logs: int = 1) -> None:
        """Be ready for another log, or for several together."""
        self._clients = rules.clients
        self._rules = [rules] * logs
        self._tallies = [self.new_tally() for _ in range(logs)]
        self.engine.load("clients", relation([], CLIENTS))

    @abstractmethod
    def new_tally(self) -> T:
        """A tally of no lines."""

    @abstractmethod
    def filter(self, lines: pa.Table) -> pa.Table:
        """Take a chunk's lines apart and judge them: how many were dropped by what (log, day, dropped_by, lines)."""

    @abstractmethod
    def rows(self) -> pa.Table:
        """What the chunk's lines become, in file order, with their `number` and without ids."""

    def chunks(self, stream: LogStream) -> Iterator[pa.Table]:
        """The lines of the log (number, line), chunk by chunk."""
        return stream.lines(self.any_server)

    def kept(self, stream: LogStream) -> Iterator[pa.Table]:
        """The rows of a log without their ids, chunk by chunk in file order. The tally grows with them."""
        for lines in self.chunks(stream):
            self._count(lines)
            yield self._complete(self.rows().drop_columns("number"))
        self.account.add_blank(stream.blank)

    def judge(self, rules: R, logs: Sequence[tuple[pa.Table, int]]) -> Iterator[Judged[R, T]]:
        """Judge several logs together, each given as its lines and the number of its blank ones."""
        self.begin(rules, len(logs))
        numbered = (
            lines.set_column(0, "number", pc.add(lines["number"], number * LOG))
            for number, (lines, _) in enumerate(logs)
        )
        self._count(pa.concat_tables(numbered))
        for account, (_, blank) in zip(self.accounts, logs, strict=True):
            account.add_blank(blank)
        rows = self.rows()
        places = np.searchsorted(rows["number"].to_numpy(), np.arange(len(logs) + 1) * LOG).tolist()
        for number, (begin, end) in enumerate(pairwise(places)):
            own = rows.slice(begin, end - begin).drop_columns("number")
            yield Judged(self._rules[number], self._tallies[number], self.accounts[number], self.kind, own)

    def _count(self, lines: pa.Table) -> None:
        for row in self.filter(lines).to_pylist():
            tally = self._tallies[row["log"]]
            if row["dropped_by"] != DATE:
                tally.months.add(row["day"][:7])
            if row["dropped_by"]:
                tally.dropped[row["dropped_by"]] += row["lines"]
            else:
                tally.kept[row["day"]] += row["lines"]

    def learn_clients(self, model: str) -> None:
        """Look at the addresses that a model yields: those not seen before."""
        self.engine.add("clients", self._clients.rows(self.engine.table(model)["address"]))


def report_unread(account: Account) -> None:
    """Show the first lines that were not read, and the format they are most like (spec 10 §16)."""
    for line in account.shown_examples:
        log.info("unrecognized, for example: %s", line)
    near = nearest(account.examples)
    if near:
        log.info("these are most like %s: %s", near.title, near.example)


def report_months(months: Collection[str]) -> None:
    """Tell when a file's recognized lines are of more than one month (spec 10 §16)."""
    names = some(sorted(months))
    if len(months) > 2:
        log.warning("lines of %d months (%s): did logrotate fail?", len(months), names)
    elif len(months) == 2:
        log.info("lines of two months (%s): midnight, or a time zone", names)
