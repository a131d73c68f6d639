"""The visitors of roots, month by month. A run keeps them on disk: all its summaries count the months before theirs.

A month whose requests all have a host is read again only when requests have come or gone, or the resources have
changed: nothing else in a run changes what a request counts for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from contextvars import ContextVar
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from hzmetrics.scratch import Scratch
from hzmetrics.store.tables.metrics import web

if TYPE_CHECKING:
    from hzmetrics.engine import Engine
    from hzmetrics.store.database import Database

REQUEST = (web.c.datetime, web.c.ip, web.c.host, web.c.content)


NUMBER, LAST = sa.func.count().label("number"), sa.func.max(web.c.id).label("last")
ALL_REQUESTS = sa.select(
    sa.select(NUMBER).select_from(web).scalar_subquery().label("number"),
    sa.select(LAST).scalar_subquery().label("last"),
)
"""Faster than both in one query, where no month is asked for."""


class Requests(NamedTuple):
    """What tells requests from those that there were before."""

    number: int
    last: int | None
    """The largest id: one that comes gets a larger one."""


class Visitors:
    """Files of the visitors of months. Close them."""

    def __init__(self) -> None:
        self._origin = ""
        self._requests: Requests | None = None
        """Those of all months, when the files of months were last compared with them."""
        self._are_same = False
        """Whether none has come or gone since then."""
        self._complete: dict[str, Requests] = {}
        """The months whose files are right while they have these requests."""

    @cached_property
    def _directory(self) -> Scratch:
        return Scratch()

    def close(self) -> None:
        """Remove the files."""
        if "_directory" in self.__dict__:
            self._directory.cleanup()

    def begin(self, metrics: Database, origin: str) -> None:
        """Visitors are wanted now; `origin` is what, beside the requests, decides on them."""
        if origin != self._origin:
            self._complete.clear()
        self._origin = origin
        requests = _requests(metrics, ALL_REQUESTS) if self._complete else None
        self._are_same = requests is not None and requests == self._requests
        self._requests = requests

    def of(self, engine: Engine, metrics: Database, start: str, stop: str) -> str:
        """The file of a month's visitors. Its first request is at `start`, and the engine knows the resources."""
        within = sa.and_(web.c.datetime >= start, web.c.datetime < stop)
        month = start[:7]
        path = Path(self._directory.name, f"{month}.parquet")
        if self._are_same and month in self._complete:
            return str(path)
        requests = _requests(metrics, sa.select(NUMBER, LAST).where(within))
        if self._complete.get(month) != requests:
            self._complete.pop(month, None)
            engine.load("requests", metrics.stream(sa.select(*REQUEST).where(within, web.c.host.is_not(None))))
            engine.save("root_visitors", path)
            named = engine.query("SELECT count(*) AS number FROM requests WHERE trim(host) <> ''")
            if named["number"][0].as_py() == requests.number:
                self._complete[month] = requests
        return str(path)


def _requests(metrics: Database, query: sa.Select[int, Any]) -> Requests:
    (row,) = metrics.rows(query)
    return Requests(row.number, row.last)


_of_run: ContextVar[Visitors | None] = ContextVar("visitors of the run", default=None)


@contextmanager
def kept() -> Iterator[None]:
    """Within this context, the months stay on disk from one summary to the next."""
    with closing(Visitors()) as made:
        token = _of_run.set(made)
        try:
            yield
        finally:
            _of_run.reset(token)


def visitors() -> AbstractContextManager[Visitors]:
    """The visitors of months: those that the run keeps, or, outside of one, those of this moment."""
    made = _of_run.get()
    return nullcontext(made) if made else closing(Visitors())
