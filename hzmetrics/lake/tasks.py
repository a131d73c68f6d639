"""The pieces of work that the grids of a lake are made of: each reads files of the lake and writes files there.

1. The sessions of a month and bucket are reduced to `month_sessions`.
2. Of these, the visitors of a bucket are counted in the windows that end with a month. A visitor, with the logins from
   the same address, is in one bucket, so that the numbers of all buckets can be added. A user known at several
   addresses can be in several buckets.
3. The cells of a month are made out of what was counted in all buckets and out of the other tables.

They know nothing of the databases. Where the rows of step 2 are read in step 3, they have changed places.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

from hzmetrics.calendar import Month
from hzmetrics.engine import Engine, windows
from hzmetrics.grids.counting import count_visitors, nothing_settled
from hzmetrics.lake import tables
from hzmetrics.lake.place import Place
from hzmetrics.lake.rows import register, rows_of, write
from hzmetrics.lake.storage import Location

SUMMED = ("counted_visitors", "session_totals")
"""Of what step 2 writes, the relations of the grids whose rows of all buckets can be put together: readers add them."""

KEYED = {"known_session_users": "kind, colid, class, who", "session_domains": "domain"}
"""The relations whose rows can be the same in several buckets, with their keys: the greatest depth counts."""


@dataclass(frozen=True)
class Lake:
    """What all tasks know of their lake."""

    place: Place
    """Where its tables are."""
    results: Place
    """Where cells go, and what is made on the way to them."""
    buckets: int
    corrections: frozenset[str]
    has_hub: bool = True

    def engine(self, month: Month, periods: Iterable[int]) -> Engine:
        """An engine with the windows of some periods that end with a month."""
        engine = Engine("hzmetrics.grids", corrections=self.corrections)
        engine.register("windows", windows(month, tuple(periods)))
        return engine

    def all_buckets(self, table: str, month: Month) -> list[Location]:
        return [self.results.counted(table, month, bucket) for bucket in range(self.buckets)]


@dataclass(frozen=True)
class GroupSessions:
    """Step 1."""

    lake: Lake
    month: Month
    bucket: int

    def __call__(self) -> None:
        with self.lake.engine(self.month, (1,)) as engine:
            for table in ("websessions", "download_requests"):
                register(engine, table, [self.lake.place.month(table, self.month, self.bucket)])
            engine.build("month_sessions")
            write(
                engine,
                "SELECT * FROM month_sessions ORDER BY ALL",
                self.lake.results.grouped(self.month, self.bucket),
            )


@dataclass(frozen=True)
class CountVisitors:
    """Step 2."""

    lake: Lake
    month: Month
    periods: tuple[int, ...]
    months: tuple[Month, ...]
    """Those with sessions in the windows."""
    bucket: int

    def __call__(self) -> None:
        place, results = self.lake.place, self.lake.results
        with self.lake.engine(self.month, self.periods) as engine:
            if self.months:
                register(engine, "grouped_sessions", [results.grouped(month, self.bucket) for month in self.months])
            else:
                engine.create("grouped_sessions")
            register(engine, "userlogin_lite", [place.part("userlogin_lite", self.bucket)])
            for table in ("domainclass", "country_continent"):
                register(engine, table, [place.whole(table)])
            nothing_settled(engine)
            count_visitors(engine)
            for table in (*SUMMED, *KEYED):
                engine.build(table)
                write(engine, f"SELECT * FROM {table} ORDER BY ALL", results.counted(table, self.month, self.bucket))


@dataclass(frozen=True)
class FillCells:
    """Step 3. Returns the number of cells; they are published when those of all months are there."""

    lake: Lake
    month: Month
    periods: tuple[int, ...]

    def __call__(self) -> int:
        place, month = self.lake.place, self.month
        with self.lake.engine(month, self.periods) as engine:
            engine.register(
                "sections", pa.table({"section": pa.array(tables.sections(self.lake.has_hub), pa.string())})
            )
            engine.create("stored")
            for table in tables.WHOLE:
                register(engine, table, [place.whole(table)])
            register(
                engine,
                "userlogin_lite",
                [place.part("userlogin_lite", bucket) for bucket in range(self.lake.buckets)],
            )
            for table in SUMMED:
                register(engine, table, self.lake.all_buckets(table, month))
            for table, key in KEYED.items():
                found = rows_of(engine, self.lake.all_buckets(table, month))
                engine.define(table, f"SELECT {key}, max(depth) AS depth FROM {found} GROUP BY {key}", reads=())
            engine.build("cells")
            chosen = "FROM cells" if self.lake.has_hub else f"FROM cells WHERE {tables.NO_CELL_OF_USERS}"
            cells = engine.query(chosen)
            engine.lend("chosen_cells", cells)
            write(engine, "FROM chosen_cells ORDER BY ALL", self.lake.results.filled(month))
            return int(cells.num_rows)
