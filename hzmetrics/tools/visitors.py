"""The visitors of roots, month by month. A run keeps them on disk: all its summaries count the months before theirs.

A month whose requests all have a host is read again only when requests have come or gone, which gives it a new
revision, or the resources have changed: nothing else in a run changes what a request counts for.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING

import sqlalchemy as sa

from hzmetrics.keeping import Files, keep
from hzmetrics.store.revisions import revisions
from hzmetrics.store.tables.metrics import web

if TYPE_CHECKING:
    from hzmetrics.engine import Engine
    from hzmetrics.store.database import Database

REQUEST = (web.c.datetime, web.c.ip, web.c.host, web.c.content)


class Visitors(Files):
    """Files of the visitors of months. Close them."""

    def __init__(self) -> None:
        self._origin = ""
        self._revisions: Mapping[str, str] = {}
        """Those of all months, as they were before requests are read."""
        self._complete: dict[str, Mapping[str, str]] = {}
        """The months whose files are right while they have these revisions."""

    def begin(self, metrics: Database, origin: str) -> None:
        """Visitors are wanted now; `origin` is what, beside the requests, decides on them."""
        with metrics.connect() as connection:
            found = revisions(connection)
        if origin != self._origin or found is None:
            self._complete.clear()
        self._origin, self._revisions = origin, found or {}

    def of(self, engine: Engine, metrics: Database, start: str, stop: str) -> str:
        """The file of a month's visitors. Its first request is at `start`, and the engine knows the resources."""
        month = start[:7]
        path = self.directory / f"{month}.parquet"
        # also those of `YYYY-00`, whose requests are of January here
        current = {text: revision for text, revision in self._revisions.items() if month <= text < stop[:7]}
        if self._complete.get(month) != current:
            self._complete.pop(month, None)
            within = sa.and_(web.c.datetime >= start, web.c.datetime < stop)
            number = metrics.scalar(sa.select(sa.func.count()).where(within))
            engine.load("requests", metrics.stream(sa.select(*REQUEST).where(within, web.c.host.is_not(None))))
            engine.save("root_visitors", path)
            named = engine.query("SELECT count(*) AS number FROM requests WHERE trim(host) <> ''")
            if named["number"][0].as_py() == number:
                self._complete[month] = current
        return str(path)


_of_run: ContextVar[Visitors | None] = ContextVar("visitors of the run", default=None)


def kept() -> AbstractContextManager[None]:
    """Within this context, the months stay on disk from one summary to the next."""
    return keep(_of_run, closing(Visitors()))


def visitors() -> AbstractContextManager[Visitors]:
    """The visitors of months: those that the run keeps, or, outside of one, those of this moment."""
    made = _of_run.get()
    return nullcontext(made) if made else closing(Visitors())
