"""Users of every resource but the tools, by the URLs of what belongs to it (spec 40 §7): `andmore-usage`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pyarrow as pa
import sqlalchemy as sa

from hzmetrics.calendar import Month
from hzmetrics.config import Settings
from hzmetrics.engine import Engine, windows
from hzmetrics.log import log
from hzmetrics.snapshots import Snapshots
from hzmetrics.store import Store, pseudonyms
from hzmetrics.store.database import Database
from hzmetrics.store.tables.metrics import web
from hzmetrics.tools import rules
from hzmetrics.tools.hub_rows import upsert
from hzmetrics.tools.stats import KEY
from hzmetrics.tools.visitors import visitors

PERIODS = (1, 12, 14)
"""The periods that resources are counted for."""


def andmore_usage(store: Store, settings: Settings, month: Month, *, dry_run: bool = False) -> int:
    """Write the month's rows of resource_stats for the published resources; returns the rows written.

    A user is a distinct pair of ip and host. The requests are read a month at a time. Raises HzmetricsError.
    """
    hub, metrics, tables = store.hub, store.metrics, store.hub_tables
    key = pseudonyms.key(store, settings)
    resources, edges = tables.resources.c, tables.resource_assoc.c
    published = hub.read(
        sa.select(resources.id, resources.type, resources.path, resources.published, resources.standalone)
    )
    descent = hub.read(sa.select(edges.parent_id, edges.child_id))
    with visitors(dry_run) as seen, Engine(rules.PACKAGE) as engine:
        seen.begin(Snapshots(store, settings, key), _digest(key, published, descent))
        engine.set_variable("pseudonym_key", key)
        engine.register("windows", windows(month, PERIODS))
        engine.register_values("run", {"datetime": month.start})
        engine.register("resources", published)
        engine.register("resource_assoc", descent)
        starts = sorted(str(month.period(code).start) for code in PERIODS)
        begins = dict(_months(metrics, starts[0], month))
        seen.expect(list(begins))
        months = {start: seen.of(engine, metrics, one, start) for one, start in begins.items()}
        recent = [file for start, file in months.items() if start >= starts[1]]
        counts = {
            "counted_visitors": seen.counts(engine, list(months.values())),
            "counted_visits": seen.visits(engine, recent),
        }
        for name, found in counts.items():
            engine.create(name)
            if found:
                engine.add(name, pa.concat_tables(found))
        rows = engine.table("resource_users")

    log.debug("%s: %d resources, %d rows", month, rows.num_rows // len(PERIODS), rows.num_rows)
    if dry_run or not rows.num_rows:
        return 0
    with hub.begin(tables.resource_stats) as connection:
        upsert(hub, connection, tables.resource_stats, rows, KEY, month.start)
    return int(rows.num_rows)


def _months(metrics: Database, position: str, month: Month) -> Iterator[tuple[Month, str]]:
    """The months of the widest window that have requests, each with the time of the first; `YYYY-00` is January."""
    while first := metrics.scalar(
        sa.select(sa.func.min(web.c.datetime)).where(web.c.datetime >= position, web.c.datetime < month.stop)
    ):
        one = Month(int(first[:4]), max(int(first[5:7]), 1))
        yield one, first
        position = one.stop


def _digest(key: str, *tables: pa.Table) -> str:
    """What tells a key and tables from others."""
    digest = hashlib.blake2b(key.encode())
    for table in tables:
        for batch in table.to_batches():
            digest.update(batch.serialize())
    return digest.hexdigest()
