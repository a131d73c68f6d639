"""Which months of a lake have changed: those are computed again, and no others."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate

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
class SumRows:
    """A task: sums of hashes of what happened in each month, by month."""

    place: Place
    found: Manifest

    def __call__(self) -> Mapping[str, int]:
        with Engine() as engine:
            rows = engine.query(
                f"SELECT month, (sum(hash) % {2**63})::BIGINT AS hash FROM ({' UNION ALL '.join(self._hashes(engine))})"
                " WHERE month IS NOT NULL GROUP BY month"
            )
        return dict(zip(rows["month"].to_pylist(), rows["hash"].to_pylist(), strict=True))

    def _hashes(self, engine: Engine) -> Iterator[str]:
        """Queries of the month and the hash of each row."""
        place, buckets = self.place, range(self.found.buckets)
        for table in tables.BY_MONTH if self.found.months else ():
            paths = [place.month(table, month, bucket) for month in self.found.months for bucket in buckets]
            yield (
                "SELECT split_part(filename, '/month=', -1)[:7] AS month, hash(*COLUMNS(* EXCLUDE (filename))) AS hash "
                f"FROM {rows_of(engine, paths, ', filename = true')}"
            )
        for table, columns in DATED.items():
            paths = (
                [place.part(table, bucket) for bucket in buckets] if table in tables.BY_BUCKET else [place.whole(table)]
            )
            yield f"SELECT datetime[:7] AS month, hash({columns}) AS hash FROM {rows_of(engine, paths)}"


def digests(found: Manifest, sums: Mapping[str, int]) -> dict[Month, str]:
    """By month: a digest of all that its cells depend on, with the months before."""
    same = [__version__, *(getattr(found, name) for name in SAME)]
    months = sorted({*sums, *map(str, found.months)})
    until = dict(zip(months, accumulate(sums.get(month, 0) for month in months), strict=True))
    return {month: _digest([same, found.periods(month), until[str(month)]]) for month in found.months}
