"""Users, sessions, jobs and times of every tool (spec 40 §3 to §4): `gen-tool-stats`."""

from __future__ import annotations

import sqlalchemy as sa

from hzmetrics.calendar import PERIODS, Month
from hzmetrics.config import Settings
from hzmetrics.engine import Engine, windows
from hzmetrics.log import log
from hzmetrics.store import Store, copies
from hzmetrics.store.types import is_empty
from hzmetrics.tools import rules
from hzmetrics.tools.hub_rows import upsert
from hzmetrics.tools.rules import TOOL

KEY = ("resid", "restype", "period")
"""What tells the rows of a month apart, in resource_stats and resource_stats_tools."""


def gen_tool_stats(store: Store, settings: Settings, month: Month, *, dry_run: bool = False) -> int:
    """Write the month's rows of resource_stats_tools and their copies in resource_stats; returns the rows written.

    Every tool has a row a period, also without sessions. Rows of the same key are overwritten and keep their id. Raises
    HzmetricsError.
    """
    hub, tables = store.hub, store.hub_tables
    resources, versions = tables.resources.c, tables.tool_version.c
    with Engine(rules.PACKAGE, corrections=settings.corrections) as engine:
        engine.register("windows", windows(month, PERIODS))
        engine.register_values("run", {"datetime": month.key})
        engine.register_values("clock", {"local": settings.clock.local})
        engine.register(
            "tools",
            hub.read(
                sa.select(resources.id.label("resid"), resources.alias).where(
                    resources.type == TOOL, ~is_empty(resources.alias)
                )
            ),
        )
        engine.register("tool_version", hub.read(sa.select(versions.toolname, versions.instance)))
        engine.load(
            "sessionlog",
            copies.relation(hub, tables.sessionlog, "sessnum", "username", "start", "appname", "walltime", "viewtime"),
        )
        engine.load(
            "joblog",
            copies.relation(
                hub, tables.joblog, "sessnum", "job", "superjob", "event", "venue", "walltime", "cputime", "ncpus"
            ),
        )
        stats, stats_copy = engine.table("tool_stats"), engine.table("tool_stats_copy")

    written: int = stats.num_rows + stats_copy.num_rows
    log.debug("%s: %d tools, %d rows", month, stats.num_rows // len(PERIODS), written)
    if dry_run or not stats.num_rows:
        return 0
    with hub.begin(tables.resource_stats_tools, tables.resource_stats) as connection:
        upsert(hub, connection, tables.resource_stats_tools, stats, KEY, month.key)
        upsert(hub, connection, tables.resource_stats, stats_copy, KEY, month.key)
    return written
