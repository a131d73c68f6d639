"""The hub's ranked lists of tools (spec 40 §6): `gen-tool-toplists`."""

from __future__ import annotations

import sqlalchemy as sa

from hzmetrics.calendar import PERIODS, Month
from hzmetrics.config import Settings
from hzmetrics.engine import Engine, windows
from hzmetrics.log import log
from hzmetrics.store import Store, copies
from hzmetrics.store.tables.metrics import sessionlog_metrics
from hzmetrics.tools import rules


def gen_tool_toplists(store: Store, settings: Settings, month: Month, *, dry_run: bool = False) -> int:
    """Replace the month's ranked lists in stats_topvals, each with its headline; returns the rows written.

    Raises HzmetricsError.
    """
    hub, metrics, tables = store.hub, store.metrics, store.hub_tables
    stats, resources, lists = tables.resource_stats_tools.c, tables.resources.c, tables.stats_topvals.c
    with Engine(rules.PACKAGE, corrections=settings.corrections) as engine:
        engine.register("windows", windows(month, PERIODS))
        engine.register_values("run", {"datetime": month.key})
        engine.register(
            "month_rows",
            hub.read(
                sa.select(
                    stats.id,
                    stats.resid,
                    stats.period,
                    stats.users,
                    stats.jobs,
                    stats.tot_wall,
                    stats.tot_cpu,
                    stats.tot_view,
                ).where(stats.datetime == month.key, stats.period.in_(PERIODS))
            ),
        )
        engine.register("published", hub.read(sa.select(resources.id, resources.title).where(resources.published == 1)))
        engine.register(
            "session_starts",
            copies.relation(
                metrics, sessionlog_metrics, "user", "start", enough=sessionlog_metrics.c.start < month.stop
            ),
        )
        rows = engine.table("toplists")

    log.debug("%s: %d rows of lists", month, rows.num_rows)
    if dry_run:
        return 0
    with hub.begin(tables.stats_topvals) as connection:
        connection.execute(
            sa.delete(tables.stats_topvals).where(
                lists.top.in_(rules.TOPLISTS.values()), lists.datetime == month.key, lists.period.in_(PERIODS)
            )
        )
        return hub.append(connection, tables.stats_topvals, rows)
