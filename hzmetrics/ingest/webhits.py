"""Hits a day, counted anew from `web`, and the cells made of them (spec 10 §14.1)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from hzmetrics.calendar import PERIODS, Month, month_of
from hzmetrics.config import Settings
from hzmetrics.log import log
from hzmetrics.store import Store
from hzmetrics.store.database import Database
from hzmetrics.store.tables.metrics import summary_misc_vals, web, webhits

HITS_ROW = 8
"""The row of `summary_misc_vals` that holds web server hits."""
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
    written = 0
    with database.begin() as connection:
        for key, period in connection.execute(summarized).all():
            month = month_of(key)
            if month is None or key != month.key:
                continue
            window = month.period(period)
            hits = connection.execute(
                sa.select(sa.func.sum(webhits.c.hits)).where(
                    webhits.c.datetime >= window.start, webhits.c.datetime < window.stop
                )
            ).scalar()
            here = {"rowid": HITS_ROW, "colid": 1, "datetime": key, "period": period}
            connection.execute(sa.delete(summary_misc_vals).filter_by(**here))
            connection.execute(
                sa.insert(summary_misc_vals).values(**here, value="" if hits is None else str(int(hits)), valfmt=NUMBER)
            )
            written += 1
    return written
