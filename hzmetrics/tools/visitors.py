"""The visitors of roots, month by month. A run keeps them on disk: all its summaries count the months before theirs.

Those of many months are kept in parts: each part has the visitors of some more months that are in no part before. So a
month that follows is compared with the months before it, which are not put together again. For windows of fewer months,
each month's visitors are counted by their visit before, which is looked for once.

A month whose requests all have a host is read again only when requests have come or gone, which gives it a new
revision: nothing else of ours changes what a request counts for. When the month is over, a run keeps its requests in a
snapshot. They are counted again when the resources have changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext
from contextvars import ContextVar
from itertools import count, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from hzmetrics.calendar import Month
from hzmetrics.keeping import Files, keep
from hzmetrics.snapshots import Requests, Snapshots, path_of
from hzmetrics.store.by_number import by_number
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

    def __init__(self, keeps_snapshots: bool = False) -> None:
        """`keeps_snapshots`: the run lock is held, so nobody takes addresses away meanwhile."""
        self._keeps_snapshots = keeps_snapshots
        self._origin = ""
        self._snapshots: Snapshots
        """Those of the summary, with the revisions of all months as they were before requests are read."""
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

    def begin(self, snapshots: Snapshots, origin: str) -> None:
        """Visitors are wanted now; `origin` is what, beside the requests, decides on them."""
        if origin != self._origin or not snapshots.are_possible:
            self._complete.clear()
        self._origin, self._snapshots = origin, snapshots

    def expect(self, months: Sequence[Month]) -> None:
        """Compare with the database all at once the snapshots of the months that will be asked for."""
        spans = set(map(Requests, months))
        self._snapshots.expect(spans, set(self._snapshots.spans(Requests)) - spans)

    def of(self, engine: Engine, metrics: Database, month: Month, start: str) -> str:
        """The file of a month's visitors. Its first request is at `start`, and the engine knows the resources."""
        text, current = str(month), self._revisions(month)
        if self._complete.get(text) != current:
            self._complete.pop(text, None)
            with ExitStack() as held:
                requests, are_complete = self._requests(engine, metrics, held, month, start)
                engine.register_parquet("grouped_requests", [requests])
                self._make(engine, text)
            if are_complete:
                self._complete[text] = current
        return self._files[text]

    def _revisions(self, month: Month) -> Mapping[str, str]:
        """The revisions of a month and of `YYYY-00`, whose requests are of January here."""
        first = f"{month.year:04d}-00" if month.number == 1 else str(month)
        found = self._snapshots.revisions
        return {text: revision for text, revision in found.items() if first <= text < month.stop[:7]}

    def _requests(
        self, engine: Engine, metrics: Database, held: ExitStack, month: Month, start: str
    ) -> tuple[str, bool]:
        """The file of a month's requests (`month_requests`), and whether all of them have a host."""
        snapshot = self._snapshots.of(Requests(month)) if start >= month.start else None
        kept = snapshot.whole() if snapshot else None
        if kept:
            return path_of(held.enter_context(kept)), True
        within = sa.and_(web.c.datetime >= start, web.c.datetime < month.stop)
        number = snapshot.rows if snapshot else metrics.scalar(sa.select(sa.func.count()).where(within))
        made = self.directory / f"month_requests-{month}.parquet"
        held.callback(made.unlink, missing_ok=True)
        make_requests(engine, metrics, within, made)
        named = engine.query("SELECT count(*) AS number FROM requests WHERE trim(host) <> ''")
        are_complete = bool(named["number"][0].as_py() == number)
        if snapshot and are_complete and self._keeps_snapshots:
            snapshot.keep(made)
        return str(made), are_complete

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


def make_requests(engine: Engine, metrics: Database, within: sa.ColumnElement[bool], path: Path) -> None:
    """Write the `month_requests` of those requests whose time is `within` a month to a file."""
    query = sa.select(*REQUEST).where(web.c.host.is_not(None))
    engine.load("requests", metrics.stream(by_number(metrics, query, web, within)))
    engine.save("month_requests", path)


_of_run: ContextVar[Visitors | None] = ContextVar("visitors of the run", default=None)


def kept() -> AbstractContextManager[None]:
    """Within this context, the months stay on disk from one summary to the next."""
    return keep(_of_run, closing(Visitors(keeps_snapshots=True)))


def visitors(dry_run: bool = False) -> AbstractContextManager[Visitors]:
    """The visitors of months: those that the run keeps, or, outside of one and in a dry run, those of this moment."""
    made = None if dry_run else _of_run.get()
    return nullcontext(made) if made else closing(Visitors())
