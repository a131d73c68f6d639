"""Session ids on requests and tool starts that name no session, or no longer one that is wanted (spec 30 §11, §12)."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from hzmetrics.calendar import DateSpan, Month, Window
from hzmetrics.config import Settings
from hzmetrics.log import log
from hzmetrics.store import Store
from hzmetrics.store.by_number import by_number
from hzmetrics.store.tables.metrics import toolstart, web, websessions

STAMPED = (web, toolstart)
"""The tables whose rows carry a session id, in the order in which they are cleared."""

BATCH = 10_000
"""Rows a transaction."""


def has_orphans(store: Store, month: Month) -> bool:
    """Whether a request or a tool start of the month carries the id of a session that does not exist."""
    return any(store.metrics.scalar(orphans(store, table, month.window).limit(1)) is not None for table in STAMPED)


def clear_orphans(store: Store, settings: Settings, span: DateSpan | None = None, *, dry_run: bool = False) -> int:
    """Clear the session ids of rows whose session does not exist; returns the rows changed.

    Without `span` the rows of this month. Raises StoreError.
    """
    window = (span or DateSpan.of(settings.clock.month)).window
    return sum(clear_stamps(store, table, orphans(store, table, window), dry_run) for table in STAMPED)


def clear_stamps(store: Store, table: sa.Table, ids: sa.Select[Any], dry_run: bool = False) -> int:
    """Set `sessionid` to NULL on the rows whose ids `ids` selects, a batch a transaction; returns their number."""
    found = store.metrics.read(ids)
    if dry_run:
        log.info("%s: would clear the session of %d rows in a first batch", table.name, min(found.num_rows, BATCH))
        return 0
    for start in range(0, found.num_rows, BATCH):
        batch = found.slice(start, BATCH)
        unstamped = batch.append_column("sessionid", pa.nulls(batch.num_rows, pa.int64()))
        with store.metrics.begin() as connection:
            store.metrics.update(connection, table, unstamped, ["id"])
    if found.num_rows:
        log.debug("%s: cleared the session of %d rows", table.name, found.num_rows)
    return int(found.num_rows)


def stamped(store: Store, table: sa.Table, window: Window) -> sa.Select[Any]:
    """The ids of the rows of a window that carry a session id."""
    within = sa.and_(table.c.datetime >= window.start, table.c.datetime < window.stop)
    return by_number(store.metrics, sa.select(table.c.id).where(table.c.sessionid != 0), table, within)


def orphans(store: Store, table: sa.Table, window: Window) -> sa.Select[Any]:
    """The ids of those of them whose session does not exist."""
    rows = stamped(store, table, window)
    if store.metrics.is_mariadb and _name_no_gap(store, table, rows):
        return rows.where(sa.false())
    # MariaDB asks for each session by its id; of a subquery it would note down the sessions of all months
    found = table.outerjoin(websessions, websessions.c.id == table.c.sessionid)
    return rows.select_from(found).where(websessions.c.id.is_(None))


def _name_no_gap(store: Store, table: sa.Table, rows: sa.Select[Any]) -> bool:
    """Whether all sessions exist from the first to the last that rows of `table` name.

    MariaDB counts them in half of the time in which it asks for each of them, SQLite gains nothing.
    """
    session = table.c.sessionid
    (named,) = store.metrics.rows(
        rows.with_only_columns(sa.func.min(session).label("first"), sa.func.max(session).label("last"))
    )
    if named.first is None:
        return True
    between = websessions.c.id.between(named.first, named.last)
    return bool(store.metrics.scalar(sa.select(sa.func.count()).where(between)) == named.last - named.first + 1)
