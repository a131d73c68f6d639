"""The download flag of rows that were imported without one (spec 10 §14.2)."""

from __future__ import annotations

import sqlalchemy as sa

from hzmetrics.calendar import Month, some
from hzmetrics.config import Settings
from hzmetrics.engine import Engine
from hzmetrics.errors import HzmetricsError, StoreError
from hzmetrics.ingest.filters import EXPRESSIONS
from hzmetrics.ingest.log_file import PACKAGE
from hzmetrics.log import log
from hzmetrics.store import Store
from hzmetrics.store.database import Database
from hzmetrics.store.state import add_dirty_months
from hzmetrics.store.tables.metrics import web

STEP = 250_000
"""Ids that are looked at, and changed, at a time."""


def backfill_dnload(store: Store, settings: Settings, start: Month | None = None, dry_run: bool = False) -> int:
    """Set the missing download flags from a month on and mark the months changed as dirty; rows changed.

    Raises HzmetricsError at the end if a month failed; the others are done.
    """
    database = store.metrics
    months = _months(database, start)
    if not months:
        log.info("no row lacks its download flag")
        return 0
    if dry_run:
        log.info("months with rows that lack their download flag: %s", some(months))
        return 0
    rows, failed = 0, []
    with Engine(PACKAGE) as engine:
        engine.set_variable("download", EXPRESSIONS["download"])
        for month in months:
            try:
                changed = _backfill_month(database, engine, month)
            except StoreError as error:
                log.error("%s: %s", month, error)
                failed.append(month)
                continue
            log.info("%s: %d rows got their download flag", month, changed)
            rows += changed
    if failed:
        raise HzmetricsError(f"{len(failed)} of {len(months)} months failed: {some(failed)}")
    return rows


def _unset(month: Month) -> sa.ColumnElement[bool]:
    return sa.and_(web.c.dnload.is_(None), web.c.datetime >= month.start, web.c.datetime < month.stop)


def _months(database: Database, start: Month | None) -> list[Month]:
    """The months with a flag missing. Rows without a valid date belong to none."""
    month, day = sa.func.substr(web.c.datetime, 1, 7), sa.func.substr(web.c.datetime, 9, 2)
    missing = sa.select(month).distinct().where(web.c.dnload.is_(None), day != "00").order_by(month)
    if start:
        missing = missing.where(web.c.datetime >= start.start)
    return [Month.parse(text) for (text,) in database.rows(missing) if text[:4] != "0000" and text[5:] != "00"]


def _backfill_month(database: Database, engine: Engine, month: Month) -> int:
    ids = database.rows(
        sa.select(sa.func.min(web.c.id).label("first"), sa.func.max(web.c.id).label("last")).where(_unset(month))
    )[0]
    changed = 0
    for low in range(ids.first, ids.last + 1, STEP):
        high = min(low + STEP - 1, ids.last)
        unflagged = database.read(sa.select(web.c.id, web.c.content).where(_unset(month), web.c.id.between(low, high)))
        engine.register("unflagged_requests", unflagged)
        with database.begin() as connection:
            changed += database.update(connection, web, engine.table("download_flags"), ["id"])
            add_dirty_months(connection, [month])
    return changed
