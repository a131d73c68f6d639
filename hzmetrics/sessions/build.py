"""Building a month's sessions out of its requests (spec 30): the work of `logfix-session`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa
import sqlalchemy as sa

from hzmetrics.calendar import Month, Window
from hzmetrics.config import Settings
from hzmetrics.engine import Engine
from hzmetrics.log import log
from hzmetrics.store import Store, state
from hzmetrics.store.by_number import by_number
from hzmetrics.store.in_order import Work, commit_in_order
from hzmetrics.store.tables.metrics import toolstart, web, websessions
from hzmetrics.store.types import epoch_seconds

if TYPE_CHECKING:
    from hzmetrics.enrich.known import KnownAddresses

BATCH = 60_000
"""Most sessions a transaction. Every batch is a prefix in id order, so a new run continues from what a crash leaves."""

WRITTEN = ("session_rows", "web_stamps", "tool_stamps")
"""The models that a batch writes."""


def session_windows(month: Month, settings: Settings) -> tuple[Window, ...]:
    """The four windows of a month, start included, stop excluded, in the order in which they are searched (spec 30 §2).

    They leave out days 8, 16 and 24; correction `all-days` closes the gaps.
    """
    stops = (9, 17, 25) if "all-days" in settings.corrections else (8, 16, 24)
    starts = (1, 9, 17, 25)
    return tuple(
        Window(f"{month}-{start:02d} 00:00:00", f"{month}-{stop:02d} 00:00:00" if stop else month.stop)
        for start, stop in zip(starts, (*stops, None), strict=True)
    )


def build_sessions(
    store: Store, settings: Settings, month: Month, dry_run: bool = False, *, known: KnownAddresses | None = None
) -> int:
    """Write the sessions of a month and stamp its requests and tool starts; returns the sessions written (spec 30).

    `known`: the sessions get their country as far as it is known. A dry run logs the windows and reads nothing. Raises
    StoreError; complete batches before it stay. Raises HzmetricsError for an anonymised month.
    """
    if dry_run:
        for window in session_windows(month, settings):
            log.info("sessions of %s: would search %s to %s", month, window.start, window.stop)
        return 0
    state.refuse_anonymised(store, month)
    with session_engine(settings, month, read_requests(store, month), read_tool_starts(store, month)) as engine:
        ids_before = store.metrics.scalar(sa.select(sa.func.coalesce(sa.func.max(websessions.c.id), 0)))
        windows = engine.table("window_totals").to_pylist()
        count: int = sum(window["sessions"] for window in windows)
        complete = partial(known.complete_sessions, month) if known else lambda sessions: sessions
        linked = sum(commit_in_order(store.metrics, _batches(store, engine, ids_before, count, complete)))
    for window in windows:
        log.debug(
            "window %s to %s: %d sessions written, %d web rows stamped",
            *(window[name] for name in ("start", "stop", "sessions", "requests")),
        )
    requests = sum(window["requests"] for window in windows)
    log.debug("%s: %d sessions written, %d web rows stamped, %d tool starts linked", month, count, requests, linked)
    return count


def session_engine(
    settings: Settings, month: Month, requests: pa.Table | pa.RecordBatchReader, tool_starts: pa.Table
) -> Engine:
    """An engine that knows the requests and tool starts of a month, to compute their sessions."""
    is_over = month < settings.clock.month
    corrections = settings.corrections if is_over else settings.corrections - {"last-session"}
    engine = Engine("hzmetrics.sessions", corrections=corrections)
    engine.register("requests", requests)
    engine.register("tool_starts", tool_starts)
    register_windows(engine, session_windows(month, settings))
    return engine


def lacks_session() -> sa.ColumnElement[bool]:
    """Whether a request belongs to no session."""
    return sa.func.coalesce(web.c.sessionid, 0) == 0


def read_requests(store: Store, month: Month, stamped: bool = False) -> pa.RecordBatchReader:
    """The requests of a month that no session has, or all of them: id, datetime, t (Unix seconds), ip, host, domain."""
    time = web.c.datetime
    query = sa.select(web.c.id, time, epoch_seconds(time).label("t"), web.c.ip, web.c.host, web.c.domain)
    if not stamped:
        query = query.where(lacks_session())
    return store.metrics.stream(by_number(store.metrics, query, web, sa.and_(time >= month.start, time < month.stop)))


def read_tool_starts(store: Store, month: Month) -> pa.Table:
    """The successful tool starts that sessions of a month can reach: id, datetime, t, ip, host.

    A session reaches half an hour beyond its last request, so a day beyond the month is enough in any time zone.
    """
    start = toolstart.c
    return store.metrics.read(
        sa.select(start.id, start.datetime, epoch_seconds(start.datetime).label("t"), start.ip, start.host).where(
            start.success == 1, start.datetime >= month.start, start.datetime <= f"{month.stop[:10]} 23:59:59"
        )
    )


def register_windows(engine: Engine, windows: Sequence[Window]) -> None:
    """Tell an engine in which windows to search for sessions."""
    columns = {
        "number": range(1, len(windows) + 1),
        "start": [window.start for window in windows],
        "stop": [window.stop for window in windows],
    }
    engine.register("session_windows", pa.table({name: pa.array(values) for name, values in columns.items()}))


def _batches(
    store: Store, engine: Engine, ids_before: int, count: int, complete: Callable[[pa.Table], pa.Table]
) -> Iterator[Work]:
    """The writing of each batch, in id order; a work's result is the number of tool starts linked.

    Batches are of one size: of two that are written at the same time, neither waits long for the other.
    """
    batches = -(-count // BATCH)
    for number in range(batches):
        after, through = (count * reached // batches for reached in (number, number + 1))
        engine.register_values("batch", {"ids_before": ids_before, "after": after, "through": through})
        sessions, *stamps = (engine.table(name) for name in WRITTEN)
        yield partial(_write, store, complete(sessions), *stamps)


def _write(
    store: Store, sessions: pa.Table, web_stamps: pa.Table, tool_stamps: pa.Table, connection: sa.Connection
) -> int:
    """Write one batch; returns the tool starts linked.

    The requests had no session, so the months of the sessions that are appended are all that change.
    """
    database = store.metrics
    database.append(connection, websessions, sessions)
    database.update(connection, web, web_stamps, ["id"], is_noted=True)
    return database.update(connection, toolstart, tool_stamps, ["id"])
