"""The logs of a site without a hub: imported, with the months that have to be redone (spec 60 §13)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from hzmetrics.calendar import Month
from hzmetrics.log import log, stage
from hzmetrics.pipeline import unfinished
from hzmetrics.store import state

if TYPE_CHECKING:
    from hzmetrics.config import Settings
    from hzmetrics.ingest.in_place import Report
    from hzmetrics.store import Store


def read_logs(
    store: Store, settings: Settings, skip: Callable[[Path], bool] = lambda path: False, dry_run: bool = False
) -> Report:
    """Import all new lines. A past month that gets rows is redone, and so are all later ones."""
    from hzmetrics.ingest import in_place

    def reopen(connection: sa.Connection, months: frozenset[Month]) -> None:
        for month in sorted(months):
            if month < settings.clock.month:
                state.reopen(connection, month)
            else:
                unfinished.rows_change(connection, [month], settings)

    with stage("reading of the logs") as running:
        if not in_place.files(settings):
            log.warning("[logs] files names no file that exists")
        report = in_place.read_new(store, settings, reopen, skip, dry_run)
        running.rows = report.rows
    return report
