"""What access and auth logs have in common: an engine that knows the clients of a file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Self

import pyarrow as pa

from hzmetrics.calendar import some
from hzmetrics.config import Settings
from hzmetrics.engine import Engine, Value, relation
from hzmetrics.ingest.addresses import Clients
from hzmetrics.log import log
from hzmetrics.logs import requests as logs
from hzmetrics.logs.account import Account
from hzmetrics.logs.reader import LogStream
from hzmetrics.logs.remedy import nearest

PACKAGE = "hzmetrics.ingest"
"""Where the models of imports are."""


class LogFile:
    """One file and an engine to filter its lines. Use as a context manager.

    It knows the relation `clients` (address, stored, is_ipv6, is_excluded), and `variables` by name.
    """

    any_server = False
    """Whether the log may be another server's than the hub's."""

    def __init__(self, clients: Clients, variables: Mapping[str, Value]) -> None:
        self.engine = Engine(logs.PACKAGE, PACKAGE)
        self._clients = clients
        for name, value in variables.items():
            self.engine.set_variable(name, value)
        self.engine.load("clients", self._rows([]))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.engine.__exit__(kind, error, trace)

    def chunks(self, stream: LogStream) -> Iterator[pa.Table]:
        """The lines of the log (number, line), chunk by chunk."""
        return stream.lines(self.any_server)

    def learn_clients(self, model: str) -> None:
        """Look at the addresses that a model yields: those not seen before."""
        self.engine.add("clients", self._rows(self.engine.table(model)["address"].to_pylist()))

    def _rows(self, addresses: Iterable[str]) -> pa.Table:
        rows = [(address, *self._clients.client(address)) for address in addresses]
        kinds = {"address": pa.string(), "stored": pa.string(), "is_ipv6": pa.bool_(), "is_excluded": pa.bool_()}
        return relation(rows, kinds)


ANY_DAY: Mapping[str, Value] = {"earliest_day": dt.date.min.isoformat(), "latest_day": dt.date.max.isoformat()}
"""The limits that no line is beyond."""


def day_limits(settings: Settings) -> Mapping[str, Value]:
    """The first and the last day of lines that are kept (correction plausible-dates), as variables of models."""
    if "plausible-dates" not in settings.corrections:
        return ANY_DAY
    first, last = settings.plausible_days
    return {"earliest_day": first.isoformat(), "latest_day": last.isoformat()}


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
