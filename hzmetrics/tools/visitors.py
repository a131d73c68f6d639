"""The visitors of roots, month by month. A run keeps them on disk: all its summaries count the months before theirs.

Those of many months are kept in parts: each part has the visitors of some more months that are in no part before. So a
month that follows is compared with the months before it, which are not put together again. For windows of fewer months,
each month's visitors are counted by their visit before, which is looked for once.

A month whose requests all have a host is read again only when requests have come or gone, which gives it a new
revision, or the resources have changed: nothing else in a run changes what a request counts for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from contextvars import ContextVar
from itertools import count, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from hzmetrics.keeping import Files, keep
from hzmetrics.store.by_number import by_number
from hzmetrics.store.revisions import revisions
from hzmetrics.store.tables.metrics import web

if TYPE_CHECKING:
    import pyarrow as pa

    from hzmetrics.engine import Engine
    from hzmetrics.store.database import Database

REQUEST = (web.c.datetime, web.c.ip, web.c.host, web.c.content)


class Part(NamedTuple):
    """The visitors of some months who are in no part before."""

    through: int
    """How many months this part and those before have the visitors of."""
    file: str
    counts: pa.Table
    """`root_counts`."""


class Visits(NamedTuple):
    """The visits of a month."""

    earlier: Sequence[str]
    """The files of months in which visits before were looked for."""
    counts: pa.Table
    """`visit_counts`."""


class Visitors(Files):
    """Files of the visitors of months. Close them."""

    def __init__(self) -> None:
        self._origin = ""
        self._revisions: Mapping[str, str] = {}
        """Those of all months, as they were before requests are read."""
        self._complete: dict[str, Mapping[str, str]] = {}
        """The months whose files are right while they have these revisions."""
        self._files: dict[str, str] = {}
        """The file of each month, named by its rows."""
        self._made = count(1)
        self._together: list[str] = []
        """The files of months, of which the parts are made."""
        self._parts: list[Part] = []
        self._visits: dict[str, Visits] = {}
        """By file of a month."""

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
        # also those of `YYYY-00`, whose requests are of January here
        current = {text: revision for text, revision in self._revisions.items() if month <= text < stop[:7]}
        if self._complete.get(month) != current:
            self._complete.pop(month, None)
            within = sa.and_(web.c.datetime >= start, web.c.datetime < stop)
            number = metrics.scalar(sa.select(sa.func.count()).where(within))
            query = sa.select(*REQUEST).where(web.c.host.is_not(None))
            engine.load("requests", metrics.stream(by_number(metrics, query, web, within)))
            self._make(engine, month)
            named = engine.query("SELECT count(*) AS number FROM requests WHERE trim(host) <> ''")
            if named["number"][0].as_py() == number:
                self._complete[month] = current
        return self._files[month]

    def counts(self, engine: Engine, months: Sequence[str]) -> list[pa.Table]:
        """How many visitors some months have (`root_counts`), whose files are given in order; none is in two tables."""
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(months, self._together, strict=False)))
        while self._parts and self._parts[-1].through > same:
            Path(self._parts.pop().file).unlink()
        self._together = list(months)
        begun = self._parts[-1].through if self._parts else 0
        if begun < len(months):
            engine.register_parquet("visitors", months[begun:])
            engine.register_parquet("all_visitors", [part.file for part in self._parts])
            file = str(self._save(engine, "new_visitors"))
            engine.register_parquet("all_visitors", [file])
            self._parts.append(Part(len(months), file, engine.table("root_counts")))
        return [part.counts for part in self._parts]

    def visits(self, engine: Engine, months: Sequence[str]) -> list[pa.Table]:
        """The `visit_counts` of some months, whose files are given in order."""
        for place, file in enumerate(months):
            earlier = months[:place]
            known = self._visits.get(file)
            if known is None or list(earlier) != list(known.earlier[len(known.earlier) - place :]):
                engine.register_parquet("visitors", [file])
                engine.register_parquet("earlier_visitors", earlier)
                self._visits[file] = Visits(earlier, engine.table("visit_counts"))
        self._visits = {file: self._visits[file] for file in months}
        return [visits.counts for visits in self._visits.values()]

    def _make(self, engine: Engine, month: str) -> None:
        """Make the file of a month. With the rows that it had, it keeps its name, and what was made of it is right."""
        made = self._save(engine, "root_visitors")
        engine.register_parquet("visitors", [str(made)])
        rows = engine.query("SELECT count(*) AS number, bit_xor(hash(root, visitor)) AS digest FROM visitors")
        named = made.with_name(f"{month}-{rows['number'][0]}-{rows['digest'][0]}.parquet")
        before = self._files.get(month, str(named))
        self._files[month] = str(made.replace(named))
        if before != str(named):
            Path(before).unlink()

    def _save(self, engine: Engine, model: str) -> Path:
        path = self.directory / f"{model}-{next(self._made)}.parquet"
        engine.save(model, path)
        return path


_of_run: ContextVar[Visitors | None] = ContextVar("visitors of the run", default=None)


def kept() -> AbstractContextManager[None]:
    """Within this context, the months stay on disk from one summary to the next."""
    return keep(_of_run, closing(Visitors()))


def visitors() -> AbstractContextManager[Visitors]:
    """The visitors of months: those that the run keeps, or, outside of one, those of this moment."""
    made = _of_run.get()
    return nullcontext(made) if made else closing(Visitors())
