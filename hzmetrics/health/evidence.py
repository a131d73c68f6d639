"""What the audit's models read: counts and extremes, worked out by the databases (spec 65 §11)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from hzmetrics.calendar import Clock, Month, Window, month_of
from hzmetrics.config import Settings
from hzmetrics.engine import Engine, relation
from hzmetrics.grids.comparison import differences as session_differences
from hzmetrics.grids.state import GRIDS, incomplete_months, summarized_months
from hzmetrics.store import Store
from hzmetrics.store.tables import metrics
from hzmetrics.store.types import Varchar, as_text, is_empty
from hzmetrics.tools.comparison import differences as request_differences

FIRST_MONTH = Month(2014, 1)
"""Where `--all` begins on a hub without rows."""

LOOKED_UP = ("host", "domain", "ipcountry")
"""Columns that lookups fill."""

STREAMS = (metrics.web, metrics.userlogin)
"""Tables that log files become."""


def window(store: Store, settings: Settings, months: int | None) -> Window:
    """The last `months` months before the current one; None: from the oldest row of `web` or `websessions` on."""
    current = settings.clock.month
    return Window(_oldest_day(store, settings) if months is None else current.back(months).start, current.start)


def _oldest_day(store: Store, settings: Settings) -> str:
    first = settings.plausible_months.first.start
    times = (table.c.datetime for table in (metrics.web, metrics.websessions))
    oldest = [store.metrics.scalar(sa.select(sa.func.min(time)).where(time >= first)) for time in times]
    return min((f"{time[:10]} 00:00:00" for time in oldest if time), default=FIRST_MONTH.start)


def register(engine: Engine, store: Store, settings: Settings, window: Window, floor: float) -> None:
    """Register the inputs of the audit's models. Raises StoreError."""
    database = store.metrics
    first = month_of(window.start or "") or FIRST_MONTH
    engine.register_values(
        "scope",
        {
            "first_month": str(first),
            "previous_month": str(settings.clock.month.plus(-1)),
            "today": settings.clock.today,
            "now": database.clock(Clock()).local,
            "floor": floor,
            "has_tool_starts": database.scalar(sa.select(metrics.toolstart.c.id).limit(1)) is not None,
        },
    )
    inputs = {
        "row_counts": [_row_counts(table, window) for table in (*STREAMS, metrics.websessions)],
        "orphan_counts": [_orphan_counts(table, window) for table in (metrics.web, metrics.toolstart)],
        "hit_counts": [_hit_counts(window)],
        "stored_cells": [_cells(grid, first, window) for grid in GRIDS],
        "newest_cells": [_newest_cells(grid) for grid in ((metrics.summary_misc_vals,) if settings.is_site else GRIDS)],
        "row_days": [_row_days(table, settings.plausible_months.first.start) for table in STREAMS],
        "imported_files": [_imported_files()],
        "state_keys": [_state_keys()],
    }
    for name, queries in inputs.items():
        engine.register(name, pa.concat_tables(database.read(query) for query in queries))
    engine.register("summarized_months", _months(summarized_months(store)))
    engine.register("incomplete_months", _months(incomplete_months(store, settings.clock.month)))
    found = (*session_differences(store, settings, window), *request_differences(store, settings, window))
    differing = [(table, str(month), rows) for table, month, rows in found]
    engine.register("snapshot_differences", relation(differing, DIFFERENCES))
    engine.register("next_ids", pa.Table.from_pylist(list(_next_ids(store)), NEXT_IDS))
    ranges = engine.table("id_ranges").to_pylist()
    engine.register("range_counts", pa.Table.from_pylist(list(_range_counts(store, ranges)), RANGE_COUNTS))


def _source(table: sa.Table) -> sa.Label[str]:
    return sa.literal(table.name, sa.String()).label("source")


def _month(time: sa.ColumnElement[Any]) -> sa.Label[str]:
    return sa.func.substr(as_text(time), 1, 7).label("month")


def _by_month(table: sa.Table, start: str | None, stop: str | None, *columns: sa.Label[Any]) -> sa.Select[Any]:
    """The month, and sums over the rows from `start` up to `stop`; without the months zero of zero dates."""
    time = table.c.datetime
    query: sa.Select[Any] = sa.select(_month(time), *columns)
    return query.where(time >= start, time < stop, sa.func.substr(as_text(time), 6, 2) != "00").group_by(_month(time))


def _number(where: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.sum(sa.case((where, 1), else_=0))


def _row_counts(table: sa.Table, window: Window) -> sa.Select[Any]:
    unanswered = [
        (_number(is_empty(table.c[name])) if name in table.c else sa.literal(0)).label(f"no_{name}")
        for name in LOOKED_UP
    ]
    return _by_month(table, window.start, window.stop, _source(table), sa.func.count().label("row_count"), *unanswered)


def _orphan_counts(table: sa.Table, window: Window) -> sa.Select[Any]:
    session = sa.select(metrics.websessions.c.id).where(metrics.websessions.c.id == table.c.sessionid)
    query = _by_month(table, window.start, window.stop, _source(table), sa.func.count().label("row_count"))
    return query.where(table.c.sessionid != 0, ~session.exists())


def _hit_counts(window: Window) -> sa.Select[Any]:
    hits, time = metrics.webhits.c.hits, metrics.webhits.c.datetime
    audited = sa.func.sum(sa.case((time >= window.start, hits))).label("audited")
    return _by_month(metrics.webhits, Month(1, 1).start, window.stop, sa.func.sum(hits).label("hits"), audited)


def _cells(grid: sa.Table, first: Month, window: Window) -> sa.Select[Any]:
    """The cells that are compared: totals of users and their parts, hits, and all of all time."""
    cell = grid.c
    wanted = cell.period == 14
    if grid is metrics.summary_user_vals:
        wanted = cell.rowid.in_((1, 6, 7, 8))
    if grid is metrics.summary_misc_vals:
        wanted = sa.or_(wanted, sa.and_(cell.rowid == 8, cell.period.in_((1, 3))))
    return sa.select(
        sa.literal(grid.name, sa.String()).label("grid"),
        _month(cell.datetime),
        cell.period,
        cell.rowid,
        cell.colid,
        cell.valfmt,
        sa.cast(cell.value, Varchar(200)).label("value"),
    ).where(cell.datetime >= first.key, cell.datetime < window.stop, wanted)


def _newest_cells(grid: sa.Table) -> sa.Select[Any]:
    value = grid.c.value
    nothing = "" if isinstance(value.type, sa.String) else 0
    newest = sa.func.max(as_text(grid.c.datetime))
    return sa.select(
        sa.literal(grid.name, sa.String()).label("grid"), sa.func.substr(newest, 1, 7).label("month")
    ).where(value.is_not(None), value != nothing)


def _row_days(table: sa.Table, start: str) -> sa.Select[Any]:
    day = sa.func.substr(as_text(table.c.datetime), 1, 10).label("day")
    return sa.select(_source(table), day).where(table.c.datetime >= start).distinct()


def _imported_files() -> sa.Select[Any]:
    entry = metrics.imported_sources.c
    return sa.select(
        entry.target_table.label("source"),
        entry.filename,
        entry.origin,
        entry.pk_start.label("first_id"),
        entry.pk_end.label("last_id"),
        entry.row_count,
    )


def _state_keys() -> sa.Select[Any]:
    keys = metrics.pipeline_state.c
    return sa.select(keys.k.label("key"), keys.v.label("value"), keys.updated_at)


def _months(months: Iterable[Month]) -> pa.Table:
    return pa.table({"month": pa.array([str(month) for month in months], pa.string())})


DIFFERENCES = {"source": pa.string(), "month": pa.string(), "row_count": pa.int64()}

NEXT_IDS = pa.schema([("source", pa.string()), ("largest", pa.int64()), ("following", pa.int64())])


def _next_ids(store: Store) -> Iterator[dict[str, Any]]:
    with store.metrics.connect() as connection:
        for table in (*STREAMS, metrics.imported_sources):
            largest = connection.execute(sa.select(sa.func.max(table.c.id))).scalar() or 0
            following = store.metrics.counter(connection, table)
            yield {"source": table.name, "largest": largest, "following": following}


RANGE_COUNTS = pa.schema(
    [("source", pa.string()), ("first_id", pa.int64()), ("last_id", pa.int64()), ("row_count", pa.int64())]
)


def _range_counts(store: Store, ranges: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """How many rows each range of ids holds; the index tells."""
    tables = {table.name: table for table in STREAMS}
    with store.metrics.connect() as connection:
        for one in ranges:
            number = tables[one["source"]].c.id
            above = sa.true() if one["last_id"] is None else number <= one["last_id"]
            query = sa.select(sa.func.count()).where(number >= one["first_id"], above)
            yield {**one, "row_count": connection.execute(query).scalar()}
