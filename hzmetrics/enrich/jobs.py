"""What the middleware logged of tool jobs: their starts and their times (spec 20 §9 to §10)."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import sqlalchemy as sa

from hzmetrics.config import Settings
from hzmetrics.engine import Engine
from hzmetrics.enrich import rows
from hzmetrics.log import log
from hzmetrics.store import Store, pseudonyms
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
    job, session = store.hub_tables.joblog.c, store.hub_tables.sessionlog.c
    jobs = store.hub.stream(sa.select(job.sessnum, job.job, job.event, job.venue, job.start, job.walltime, job.cputime))
    sessions = store.hub.stream(
        sa.select(
            session.sessnum,
            session.username.label("user"),
            session.remoteip.label("ip"),
            session.appname.label("tool"),
            session.exechost.label("execunit"),
        )
    )
    engine = Engine("hzmetrics.enrich")
    engine.set_variable("pseudonym_key", pseudonyms.key(store, settings))
    engine.load("joblog", _as_stored(jobs, "walltime", "cputime"))
    engine.load("tool_sessions", _as_stored(sessions, "user", "ip", "tool", "execunit"))
    return engine


def _as_stored(rows: pa.RecordBatchReader, *names: str) -> pa.RecordBatchReader:
    """`rows` with the columns `names` as `toolstart` would store them."""

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in rows:
            table = pa.Table.from_batches([batch])
            fitted = fitted_rows(toolstart, table.select(names))
            for name in names:
                table = table.set_column(table.column_names.index(name), rows.schema.field(name), fitted[name])
            yield from table.to_batches()

    return pa.RecordBatchReader.from_batches(rows.schema, batches())
