"""What the middleware logged of tool jobs: their starts and their times (spec 20 §9 to §10)."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import sqlalchemy as sa

from hzmetrics.config import Settings
from hzmetrics.engine import Engine
from hzmetrics.enrich import rows
from hzmetrics.log import log
from hzmetrics.store import Store, copies, pseudonyms
from hzmetrics.store.bulk import fitted_rows
from hzmetrics.store.tables.metrics import toolstart


def middleware_wall(store: Store, settings: Settings, dry_run: bool = False) -> int:
    """Insert a `toolstart` row for each job whose start, user and address no row has yet; the rows inserted.

    See spec 20 §9.

    Raises StoreError.
    """
    with _jobs(store, settings) as engine:
        starts = toolstart.c
        known = sa.select(starts.datetime, starts.user, starts.ip, starts.host)
        engine.load("stored_starts", store.metrics.stream(known))
        new = engine.table("new_jobs")
    if dry_run:
        log.info("toolstart: would insert %d rows", new.num_rows)
        return int(new.num_rows)
    with store.metrics.begin() as connection:
        return store.metrics.append(connection, toolstart, new)


def middleware_cpu(store: Store, settings: Settings, dry_run: bool = False) -> int:
    """Fill the CPU time of `toolstart` rows that have none from the jobs of their key; the rows updated (spec 20 §10).

    Raises StoreError.
    """
    with _jobs(store, settings) as engine:
        starts = toolstart.c
        engine.load(
            "unmeasured_starts",
            store.metrics.stream(
                sa.select(
                    starts.id.label("row"), starts.datetime, starts.user, starts.ip, starts.host, starts.cputime
                ).where(starts.cputime <= 0)
            ),
        )
        times = engine.table("cpu_times")
    return rows.write(store.metrics, toolstart, times, dry_run)


def _jobs(store: Store, settings: Settings) -> Engine:
    """An engine that knows the middleware's jobs, with values as `toolstart` would store them."""
    hub, tables = store.hub, store.hub_tables
    jobs = copies.stream(hub, tables.joblog, "sessnum", "job", "event", "venue", "start", "walltime", "cputime")
    sessions = copies.stream(hub, tables.sessionlog, "sessnum", "username", "remoteip", "appname", "exechost")
    engine = Engine("hzmetrics.enrich")
    engine.set_variable("pseudonym_key", pseudonyms.key(store, settings))
    engine.load("joblog", _as_stored(jobs, walltime="walltime", cputime="cputime"))
    engine.load(
        "tool_sessions", _as_stored(sessions, username="user", remoteip="ip", appname="tool", exechost="execunit")
    )
    return engine


def _as_stored(rows: pa.RecordBatchReader, **columns: str) -> pa.RecordBatchReader:
    """`rows` with some columns as columns of `toolstart`: named so, and with values as those store them."""
    names = [columns.get(name, name) for name in rows.schema.names]

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in rows:
            table = pa.Table.from_batches([batch]).rename_columns(names)
            fitted = fitted_rows(toolstart, table.select(columns.values()))
            for name in fitted.column_names:
                table = table.set_column(names.index(name), name, fitted[name])
            yield from table.to_batches()

    schema = pa.schema([(name, field.type) for name, field in zip(names, rows.schema, strict=True)])
    return pa.RecordBatchReader.from_batches(schema, batches())
