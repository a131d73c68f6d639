"""Whether snapshots of requests say what the rows of the database say (spec 65 §11)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from hzmetrics.calendar import Window
from hzmetrics.config import Settings
from hzmetrics.engine import Engine
from hzmetrics.scratch import Scratch
from hzmetrics.snapshots import Difference, Requests, Snapshots, differing_rows
from hzmetrics.store import Store, pseudonyms
from hzmetrics.store.tables.metrics import web
from hzmetrics.tools import rules
from hzmetrics.tools.visitors import make_requests


def differences(store: Store, settings: Settings, window: Window) -> Iterator[Difference]:
    """The months of a window whose snapshots of requests differ from the rows. Raises StoreError."""
    key = pseudonyms.key(store, settings)
    snapshots = Snapshots(store, settings, key)
    start, stop, time = str(window.start), str(window.stop), web.c.datetime
    with Scratch() as directory:
        for month in sorted(span.month for span in snapshots.spans(Requests) if start <= span.month.start < stop):
            snapshot = snapshots.of(Requests(month))
            kept = snapshot.whole() if snapshot else None
            if not kept:
                continue
            made = Path(directory, f"{month}.parquet")
            with kept, Engine(rules.PACKAGE) as engine:
                engine.set_variable("pseudonym_key", key)
                make_requests(engine, store.metrics, sa.and_(time >= month.start, time < month.stop), made)
                number = differing_rows(kept, made)
            if number:
                yield Difference(web.name, month, number)
