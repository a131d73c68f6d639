"""Hits a day, counted anew from `web`, and the cells made of them (spec 10 §14.1)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection
from itertools import accumulate
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from hzmetrics.calendar import PERIODS, Month, Window, month_of
from hzmetrics.config import Settings
from hzmetrics.log import log
from hzmetrics.store import Store
from hzmetrics.store.database import Database
from hzmetrics.store.tables.metrics import summary_misc_vals, web, webhits

PLACE = {"rowid": 8, "colid": 1}
"""Where `summary_misc_vals` holds web server hits."""
NUMBER = 1
"""Its `valfmt`."""


def rebuild_webhits(store: Store, settings: Settings, month: Month, dry_run: bool = False) -> int:
    """Replace a month's `webhits` by its rows in `web`, then refresh the hits cells from it on; rows written."""
    return rebuild(store, settings, [month], dry_run)


def rebuild(store: Store, settings: Settings, months: Collection[Month], dry_run: bool = False) -> int:
    """As `rebuild_webhits` for several months, each in a transaction of its own; rows written."""
    rows = 0
    for month in sorted(months):
        rows += _rebuild_month(store.metrics, month, dry_run)
    if months and not dry_run:
        refresh_hits_cells(store.metrics, min(months), settings.clock.month.plus(-1))
    return rows


def recount(connection: sa.Connection, month: Month) -> int:
    """Replace a month's `webhits` by its rows in `web`, in the caller's transaction; returns the dates written."""
    days = connection.execute(_days(month)).all()
    connection.execute(sa.delete(webhits).where(webhits.c.datetime >= month.start, webhits.c.datetime < month.stop))
    if days:
        hits = [{"datetime": f"{date} 00:00:00", "hits": count} for date, count in days]
        connection.execute(sa.insert(webhits), hits)
    return len(days)


def _rebuild_month(database: Database, month: Month, dry_run: bool) -> int:
    if dry_run:
        dates = len(database.rows(_days(month)))
        log.info("%s: would write the hits of %d days", month, dates)
    else:
        with database.begin() as connection:
            dates = recount(connection, month)
    return dates


def _days(month: Month) -> sa.Select[Any, int]:
    """The dates of a month that have rows in `web`, and how many."""
    day = sa.func.substr(web.c.datetime, 1, 10)
    return (
        sa.select(day, sa.func.count())
        .where(web.c.datetime >= month.start, web.c.datetime < month.stop)
        .group_by(day)
        .order_by(day)
    )


def refresh_hits_cells(database: Database, first: Month, last: Month) -> int:
    """Replace the hits cell of every month and period that has any cell in `summary_misc_vals`; cells written."""
    cell = summary_misc_vals.c
    summarized = (
        sa.select(cell.datetime, cell.period)
        .distinct()
        .where(cell.datetime.between(first.key, last.key), cell.period.in_(PERIODS))
    )
    with database.begin() as connection:
        hits = _Hits(connection)
        cells = [
            {**PLACE, "datetime": key, "period": period, "value": hits.within(month.period(period))}
            for key, period in connection.execute(summarized)
            if (month := month_of(key)) and key == month.key
        ]
        if not cells:
            return 0
        rows = pa.Table.from_pylist(cells)
        database.delete(connection, summary_misc_vals, rows.drop_columns("value"))
        return database.append(
            connection, summary_misc_vals, rows.append_column("valfmt", pa.repeat(NUMBER, rows.num_rows))
        )


class _Hits:
    """The hits of all days, for sums over windows."""

    def __init__(self, connection: sa.Connection) -> None:
        hits = webhits.c.hits
        query = sa.select(webhits.c.datetime, hits).where(hits.is_not(None)).order_by(webhits.c.datetime)
        days = connection.execute(query).all()
        self._times = [time for time, _ in days]
        self._totals = list(accumulate((int(number) for _, number in days), initial=0))

    def within(self, window: Window) -> str:
        """The value of a cell: empty if the window has no rows."""
        assert window.start and window.stop
        first, last = bisect_left(self._times, window.start), bisect_left(self._times, window.stop)
        return str(self._totals[last] - self._totals[first]) if first < last else ""
