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
from hzmetrics.publish.figures.definitions import FIGURES, ORGANIZATION, RESIDENCE, SIMULATION, VISITS
from hzmetrics.publish.figures.values import Number, number
from hzmetrics.store.tables.metrics import profiles_copy, toolstart, userlogin, web

if TYPE_CHECKING:
    from hzmetrics.config import Settings
    from hzmetrics.store import Store

SLOW = 10
"""Seconds from which on a computation is not repeated within `PAUSE`."""
PAUSE = dt.timedelta(hours=1)
OF_VISITS = (3, 4, 7, 8)
"""The rows of the user grid that count people of visits (spec 50 §3.1)."""


@dataclass(frozen=True)
class Running:
    """The month that is not over, as it was at a moment."""

    month: str
    until: str
    """Time of the newest of what is counted."""
    values: Mapping[str, Number]
    """The figures by key; None also for a 0 that may come of what has not been imported yet."""
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
    request = store.metrics.scalar(sa.select(sa.func.max(web.c.datetime)).where(*in_month))
    if request is None or (last and last >= month):
        return None
    newest = [store.metrics.scalar(sa.select(sa.func.max(table.c.id))) for table in (web, userlogin)]
    made_of = [__version__, str(month), str(request), *newest, sorted(settings.corrections)]
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
    numbers = {key: number(figure, found.get(key)) for key, figure in FIGURES.items()}
    values = {key: value if value or numbers.get(_whole(key)) else None for key, value in numbers.items()}
    until = max([str(request), *_newest(store, settings)])
    return Running(str(month), until, values, made_of, now.isoformat(), round(time.monotonic() - begin, 1))


def _whole(key: str) -> str:
    """The figure of which another one is a part: if it is more than 0, a 0 of the part has been counted."""
    grid, row, column = key.split(".")
    if grid == "simusage":
        return SIMULATION[0].key
    if grid == "misc" or (column == "1" and int(row) in OF_VISITS):
        return VISITS.key
    known = next((of for of, columns in ((2, RESIDENCE), (7, ORGANIZATION)) if int(column) in columns), 1)
    return f"{grid}.{row}.{known}"


def _newest(store: Store, settings: Settings) -> list[str]:
    """When the newest of what the month of the clock counts beside requests was: logins, tools, accounts."""
    times = (
        (store.metrics, userlogin.c.datetime),
        (store.metrics, toolstart.c.datetime),
        (store.metrics, profiles_copy(store.prefix).c.registerDate),
        (store.hub, store.hub_tables.sessionlog.c.start),
    )
    clock = settings.clock
    found = (
        database.scalar(sa.select(sa.func.max(time)).where(time.between(clock.month.start, clock.local)))
        for database, time in times
    )
    return [str(time) for time in found if time]
