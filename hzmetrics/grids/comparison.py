"""Whether snapshots say what their months' rows say: what `audit` compares wholly (spec 65 §11)."""

from __future__ import annotations

from collections.abc import Iterator

from hzmetrics.calendar import PERIODS, Month, Window
from hzmetrics.config import Settings
from hzmetrics.engine import Engine, windows
from hzmetrics.grids.snapshots import Snapshots, path_of
from hzmetrics.grids.sources import month_rows, occupied_months
from hzmetrics.store import Store, pseudonyms


def differing_months(store: Store, settings: Settings, window: Window) -> Iterator[tuple[Month, int]]:
    """The months of a window whose snapshot would be read but is not what their rows give, with the number of rows.

    Raises StoreError.
    """
    key = pseudonyms.key(store, settings)
    snapshots = Snapshots(store, settings, key)
    with Engine("hzmetrics.grids") as engine:
        engine.set_variable("pseudonym_key", key)
        engine.register("windows", windows(settings.clock.month, PERIODS))
        for month in occupied_months(store, window):
            snapshot = snapshots.of(month)
            if snapshot is None or (file := snapshot.whole()) is None:
                continue
            rows = month_rows(store, month)
            engine.load("websessions", rows.sessions)
            engine.load("download_requests", rows.downloads)
            with file:
                engine.register_parquet("grouped_sessions", [path_of(file)])
                if number := engine.table("snapshot_differences")["number"][0].as_py():
                    yield month, number
