"""Which months of a lake have changed: those are computed again, and no others."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate, groupby

from hzmetrics import __version__
from hzmetrics.calendar import Month, Months
from hzmetrics.engine import Engine
from hzmetrics.lake import tables
from hzmetrics.lake.manifest import Manifest
from hzmetrics.lake.place import Place
from hzmetrics.lake.rows import rows_of
from hzmetrics.output.document import document

SAME = ("has_hub", "hub", "time_zone", "corrections", "names", "key")
"""What the cells of all months depend on."""

DATED = {"userlogin_lite": '"user", ip, datetime', "toolstart": '"user", datetime', "webhits": "datetime, hits"}
"""Of the tables that are not by month, those whose rows happened in one, with the columns that say what happened.

What accounts, jobs and lists say of earlier months may change later. These months stay as they were counted, as on a
hub.
"""


def digest(found: Manifest, months: Months) -> str:
    """What tells whether a lake is the one that was read before."""
    return _digest([__version__, found.exported, dataclasses.asdict(found), str(months)])


def _digest(value: object) -> str:
    return sha256(document(value, sort_keys=True).encode("ascii")).hexdigest()[:32]


@dataclass(frozen=True)
class SumSessions:
    """A task: sums of hashes of the sessions and downloads of some months, by month."""

    place: Place
    buckets: int
    months: tuple[Month, ...]

    def __call__(self) -> Mapping[str, int]:
        with Engine() as engine:
            return _sums(engine, (self._hashes(engine, table) for table in tables.BY_MONTH))

    def _hashes(self, engine: Engine, table: str) -> str:
        paths = [self.place.month(table, month, bucket) for month in self.months for bucket in range(self.buckets)]
        return (
            "SELECT split_part(filename, '/month=', -1)[:7] AS month, hash(*COLUMNS(* EXCLUDE (filename))) AS hash "
            f"FROM {rows_of(engine, paths, ', filename = true')}"
        )


@dataclass(frozen=True)
class SumOthers:
    """A task: the same of the rows of `DATED`."""

    place: Place
    buckets: int

    def __call__(self) -> Mapping[str, int]:
        with Engine() as engine:
            return _sums(engine, (self._hashes(engine, table) for table in DATED))

    def _hashes(self, engine: Engine, table: str) -> str:
        parts = [self.place.part(table, bucket) for bucket in range(self.buckets)]
        paths = parts if table in tables.BY_BUCKET else [self.place.whole(table)]
        return f"SELECT datetime[:7] AS month, hash({DATED[table]}) AS hash FROM {rows_of(engine, paths)}"


def _sums(engine: Engine, hashes: Iterable[str]) -> Mapping[str, int]:
    """The sums of the hashes that queries give, by month."""
    rows = engine.query(
        f"SELECT month, (sum(hash) % {2**63})::BIGINT AS sum FROM ({' UNION ALL '.join(hashes)})"
        " WHERE month IS NOT NULL GROUP BY month"
    )
    return dict(zip(rows["month"].to_pylist(), rows["sum"].to_pylist(), strict=True))


def tasks(found: Manifest, place: Place) -> list[SumSessions | SumOthers]:
    """What tells the rows of a lake from others: a task for each year of sessions, and one for the rest."""
    years = groupby(found.months, key=lambda month: month.year)
    sessions = [SumSessions(place, found.buckets, tuple(months)) for _, months in years]
    return [*sessions, SumOthers(place, found.buckets)]


def digests(found: Manifest, results: Iterable[Mapping[str, int]]) -> dict[Month, str]:
    """By month: a digest of all that its cells depend on, with the months before; of the results of the tasks."""
    sums: Counter[str] = Counter()
    for result in results:
        sums.update(result)
    same = [__version__, *(getattr(found, name) for name in SAME)]
    months = sorted({*sums, *map(str, found.months)})
    until = dict(zip(months, accumulate(sums[month] for month in months), strict=True))
    return {month: _digest([same, found.periods(month), until[str(month)]]) for month in found.months}
