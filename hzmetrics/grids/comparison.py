"""Whether snapshots say what the rows of the database say: what `audit` compares wholly (spec 65 §11)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from hzmetrics.calendar import PERIODS, Month, Window, Year
from hzmetrics.config import Settings
from hzmetrics.engine import Engine, windows
from hzmetrics.grids.grouping import make_month, make_year
from hzmetrics.grids.snapshots import Snapshots, Span, path_of
from hzmetrics.grids.sources import month_rows, occupied_months
from hzmetrics.scratch import Scratch
from hzmetrics.store import Store, pseudonyms


def differing_months(store: Store, settings: Settings, window: Window) -> Iterator[tuple[Month, int]]:
    """The months of a window whose snapshot would be read but is not what their rows give, with the number of rows.

    Of a year whose own snapshot differs, but that of none of its months, it is the first one. Raises StoreError.
    """
    comparison = _Comparison(store, settings)
    months = list(occupied_months(store, window))
    for year in sorted({month.year for month in months}):
        yield from comparison.of_year(Year(year), [month for month in months if month.year == year])


class _Comparison:
    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._month = settings.clock.month
        self._key = pseudonyms.key(store, settings)
        self._snapshots = Snapshots(store, settings, self._key)

    def of_year(self, year: Year, asked: list[Month]) -> Iterator[tuple[Month, int]]:
        """The differing months of those `asked` for of a year."""
        kept = self._kept(year)
        months = list(occupied_months(self._store, year.window)) if kept else asked
        found = []
        with self._engine() as engine, Scratch() as directory:
            engine.set_variable("pseudonym_key", self._key)
            paths = [Path(directory, f"{month}.parquet") for month in months]
            for month, path in zip(months, paths, strict=True):
                of_month = self._kept(month) if month in asked else None
                if kept or of_month:
                    make_month(engine, month_rows(self._store, month), path)
                if number := self._differences(of_month, path):
                    found.append((month, number))
            if kept and paths:
                made = Path(directory, f"{year}.parquet")
                make_year(engine, year, list(map(str, paths)), made)
                if (number := self._differences(kept, made)) and not found:
                    found.append((asked[0], number))
        yield from found

    def _kept(self, span: Span) -> BinaryIO | None:
        snapshot = self._snapshots.of(span)
        return snapshot.whole() if snapshot else None

    def _differences(self, kept: BinaryIO | None, made: Path) -> int:
        """How many rows only one of two files has; 0 without the first."""
        if not kept:
            return 0
        with kept, self._engine() as engine:
            engine.register_parquet("grouped_sessions", [path_of(kept)])
            engine.register_parquet("month_sessions", [str(made)])
            number: int = engine.table("snapshot_differences")["number"][0].as_py()
            return number

    def _engine(self) -> Engine:
        engine = Engine("hzmetrics.grids")
        engine.register("windows", windows(self._month, PERIODS))
        return engine
