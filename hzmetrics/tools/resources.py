"""Users of every resource but the tools, by the URLs of what belongs to it (spec 40 §7): `andmore-usage`."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import sqlalchemy as sa

from hzmetrics.calendar import Month
from hzmetrics.config import Settings
from hzmetrics.engine import Engine, relation, windows
from hzmetrics.log import log
from hzmetrics.store import Store, pseudonyms
from hzmetrics.store.database import Database
from hzmetrics.store.tables.metrics import web
from hzmetrics.tools import rules
from hzmetrics.tools.hub_rows import upsert
from hzmetrics.tools.stats import KEY

PERIODS = (1, 12, 14)
"""The periods that resources are counted for."""

VISITOR = {name: pa.string() for name in ("visitor", "latest")} | {"root": pa.int64()}
"""The columns of the relation `visitors`."""

REQUEST = (web.c.datetime, web.c.ip, web.c.host, web.c.content)


def andmore_usage(store: Store, settings: Settings, month: Month, *, dry_run: bool = False) -> int:
    """Write the month's rows of resource_stats for the published resources; returns the rows written.

    A user is a distinct pair of ip and host. The requests are read a month at a time. Raises HzmetricsError.
    """
    hub, metrics, tables = store.hub, store.metrics, store.hub_tables
    resources, edges = tables.resources.c, tables.resource_assoc.c
    with Engine(rules.PACKAGE) as engine:
        engine.set_variable("pseudonym_key", pseudonyms.key(store, settings))
        engine.register("windows", windows(month, PERIODS))
        engine.register_values("run", {"datetime": month.start})
        engine.register(
            "resources",
            hub.read(
                sa.select(resources.id, resources.type, resources.path, resources.published, resources.standalone)
            ),
        )
        engine.register("resource_assoc", hub.read(sa.select(edges.parent_id, edges.child_id)))
        engine.load("visitors", relation((), VISITOR))
        for requests in _requests(metrics, month):
            engine.load("requests", requests)
            engine.collect("visitors", "root_visitors")
        rows = engine.table("resource_users")

    log.debug("%s: %d resources, %d rows", month, rows.num_rows // len(PERIODS), rows.num_rows)
    if dry_run or not rows.num_rows:
        return 0
    with hub.begin(tables.resource_stats) as connection:
        upsert(hub, connection, tables.resource_stats, rows, KEY, month.start)
    return int(rows.num_rows)


def _requests(metrics: Database, month: Month) -> Iterator[pa.RecordBatchReader]:
    """The requests of the widest window, those with a host: one stream for every month that has any."""
    starts = [start for code in PERIODS if (start := month.period(code).start)]
    position = min(starts)
    while first := metrics.scalar(
        sa.select(sa.func.min(web.c.datetime)).where(web.c.datetime >= position, web.c.datetime < month.stop)
    ):
        stop = Month(int(first[:4]), max(int(first[5:7]), 1)).stop
        yield metrics.stream(
            sa.select(*REQUEST).where(web.c.datetime >= first, web.c.datetime < stop, web.c.host.is_not(None))
        )
        position = stop
