"""What access and auth logs have in common: an engine that holds a file's clients, each judged once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import TracebackType
from typing import Self

import pyarrow as pa

from hzmetrics.engine import Engine, Value, relation
from hzmetrics.ingest.addresses import Clients
from hzmetrics.log import log
from hzmetrics.logs import requests as logs

PACKAGE = "hzmetrics.ingest"
"""Where the models of imports are."""


class Judge:
    """An engine for one file. Use as a context manager.

    It knows the relation `clients` (address, stored, is_ipv6, is_excluded), and `variables` by name.
    """

    def __init__(self, clients: Clients, variables: Mapping[str, Value]) -> None:
        self.engine = Engine(logs.PACKAGE, PACKAGE)
        self._clients = clients
        for name, value in variables.items():
            self.engine.set_variable(name, value)
        self.engine.load("clients", self._judged([]))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.engine.__exit__(kind, error, trace)

    def learn_clients(self, model: str) -> None:
        """Judge the addresses that a model gives: those not seen before."""
        self.engine.add("clients", self._judged(self.engine.table(model)["address"].to_pylist()))

    def _judged(self, addresses: Iterable[str]) -> pa.Table:
        judged = [(address, *self._clients.judge(address)) for address in addresses]
        kinds = {"address": pa.string(), "stored": pa.string(), "is_ipv6": pa.bool_(), "is_excluded": pa.bool_()}
        return relation(judged, kinds)


def report_months(months: Collection[str]) -> None:
    """Tell when a file's recognized lines are of more than one month (spec 10 §16)."""
    names = ", ".join(sorted(months))
    if len(months) > 2:
        log.warning("lines of %d months (%s): did logrotate fail?", len(months), names)
    elif len(months) == 2:
        log.info("lines of two months (%s): midnight, or a time zone", names)
