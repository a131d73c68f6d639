"""Removing everything that was computed of a month, so that it can be computed again (spec 30 §12, spec 60 §8.2)."""

from __future__ import annotations

import sqlalchemy as sa

from hzmetrics.calendar import Month
from hzmetrics.config import Settings
from hzmetrics.ingest.webhits import recount, refresh_hits_cells
from hzmetrics.log import log
from hzmetrics.sessions.stamps import STAMPED, clear_stamps, stamped
from hzmetrics.store import Store, revisions
from hzmetrics.store.tables.metrics import (
    summary_andmore_vals,
    summary_misc_vals,
    summary_simusage_vals,
    summary_user_vals,
    websessions,
)

GRIDS = (summary_user_vals, summary_misc_vals, summary_simusage_vals, summary_andmore_vals)


def reset_month(store: Store, settings: Settings, month: Month, dry_run: bool = False) -> int:
    """Remove a month's sessions, their ids on its rows, and its cells; count its hits again. Returns sessions removed.

    `web` and `userlogin` keep their rows. After an interruption, the same call completes the work. A dry run only logs
    what it would do. Raises StoreError.
    """
    for table in STAMPED:
        clear_stamps(store, table, stamped(store, table, month.window), dry_run)
    if dry_run:
        log.info("%s: would delete its sessions, hits and cells of all periods, and count the hits again", month)
        return 0
    time = websessions.c.datetime
    with store.metrics.begin() as connection:
        revisions.note(connection, [str(month)])
        removed = connection.execute(sa.delete(websessions).where(time >= month.start, time < month.stop)).rowcount
        for grid in GRIDS:
            connection.execute(sa.delete(grid).where(grid.c.datetime == month.key))
        recount(connection, month)
    refresh_hits_cells(store.metrics, month, settings.clock.month.plus(-1))
    return removed
