"""The month that is not over: its figures to date, computed from what has been imported, and stored nowhere."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hzmetrics import __version__
from hzmetrics.calendar import Month
from hzmetrics.publish.figures.definitions import FIGURES
from hzmetrics.publish.figures.values import Number, number
from hzmetrics.store.tables.metrics import userlogin, web

if TYPE_CHECKING:
    from hzmetrics.config import Settings
    from hzmetrics.store import Store

SLOW = 10
"""Seconds from which on a computation is not repeated within `PAUSE`."""
PAUSE = dt.timedelta(hours=1)


@dataclass(frozen=True)
class Running:
    """The month that is not over, as it was at a moment."""

    month: str
    until: str
    """Time of its last request."""
    values: Mapping[str, Number]
    """The figures by key; None also for 0: what has not been counted yet says nothing of the month."""
    made_of: list[Any]
    """What changes when requests or logins are imported."""
    computed: str
    seconds: float
    """How long the computation took."""


def read(
    store: Store, settings: Settings, last: Month | None, before: Mapping[str, Any] | None = None
) -> Running | None:
    """The month of the clock, if it has requests and comes after `last`, the last month with a summary.

    `before`, what a site shows now, is returned if nothing was imported since, or if it is too soon for another
    computation. Raises StoreError.
    """
    month = settings.clock.month
    in_month = (web.c.datetime >= month.start, web.c.datetime < month.stop)
    until = store.metrics.scalar(sa.select(sa.func.max(web.c.datetime)).where(*in_month))
    if until is None or (last and last >= month):
        return None
    newest = [store.metrics.scalar(sa.select(sa.func.max(table.c.id))) for table in (web, userlogin)]
    made_of = [__version__, str(month), str(until), *newest, sorted(settings.corrections)]
    now = settings.clock.now
    if before and before["month"] == str(month):
        shown = Running(**before)
        is_recent = dt.timedelta() <= now - dt.datetime.fromisoformat(shown.computed) < PAUSE
        if shown.made_of == made_of or (shown.seconds >= SLOW and is_recent):
            return shown
    from hzmetrics.grids.hypothetical import sessions_and_cells

    begin = time.monotonic()
    _, cells = sessions_and_cells(store, settings, month, periods=(1,), with_new_logins=True)
    found = {f"{row['grid']}.{row['rowid']}.{row['colid']}": row["value"] for row in cells.to_pylist()}
    values = {key: number(figure, found.get(key)) or None for key, figure in FIGURES.items()}
    return Running(str(month), str(until), values, made_of, now.isoformat(), round(time.monotonic() - begin, 1))
