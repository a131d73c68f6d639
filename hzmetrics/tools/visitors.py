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
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from hzmetrics.scratch import Scratch
from hzmetrics.store.tables.metrics import web

if TYPE_CHECKING:
    from hzmetrics.engine import Engine
    from hzmetrics.store.database import Database

REQUEST = (web.c.datetime, web.c.ip, web.c.host, web.c.content)


class Requests(NamedTuple):
    """What tells the requests of a month from those that it had before."""

    number: int
    last: int
    """The largest id: one that comes gets a larger one."""


class Visitors:
    """Files of the visitors of months. Close them."""

    def __init__(self) -> None:
        self._origin = ""
        self._complete: dict[str, Requests] = {}
        """The months whose files are right while they have these requests."""

    @cached_property
    def _directory(self) -> Scratch:
        return Scratch()

    def close(self) -> None:
        """Remove the files."""
        if "_directory" in self.__dict__:
            self._directory.cleanup()

    def begin(self, origin: str) -> None:
        """The visitors that are wanted now; `origin` is what, beside the requests, decides on them."""
        if origin != self._origin:
            self._complete.clear()
        self._origin = origin

    def of(self, engine: Engine, metrics: Database, start: str, stop: str) -> str:
        """The file of a month's visitors. Its first request is at `start`, and the engine knows the resources."""
        within = sa.and_(web.c.datetime >= start, web.c.datetime < stop)
        number = metrics.scalar(sa.select(sa.func.count()).select_from(web).where(within))
        requests = Requests(number, metrics.scalar(sa.select(sa.func.max(web.c.id)).where(within)))
        month = start[:7]
        path = Path(self._directory.name, f"{month}.parquet")
        if self._complete.get(month) != requests:
            engine.load("requests", metrics.stream(sa.select(*REQUEST).where(within, web.c.host.is_not(None))))
            engine.save("root_visitors", path)
            named = engine.query("SELECT count(*) AS number FROM requests WHERE trim(host) <> ''")
            if named["number"][0].as_py() == requests.number:
                self._complete[month] = requests
        return str(path)


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
