"""Who uses a tool, by country, domain and type of organization (spec 40 §5): `gen-tool-tops`."""

from __future__ import annotations

import pyarrow.compute as pc
import sqlalchemy as sa

from hzmetrics.calendar import PERIODS, Month
from hzmetrics.config import Settings
from hzmetrics.engine import Engine, windows
from hzmetrics.log import log
from hzmetrics.store import Store, copies
from hzmetrics.store.tables.metrics import countries, profiles_copy, sessionlog_metrics
from hzmetrics.tools import rules
from hzmetrics.tools.hub_rows import replace
from hzmetrics.tools.rules import TOOL


def gen_tool_tops(store: Store, settings: Settings, month: Month, *, dry_run: bool = False) -> int:
    """Replace the three lists of users of every tool row of the month; returns the rows written.

    Works on the rows that `gen_tool_stats` wrote; without them there is nothing to do. A row with an unknown period is
    skipped with a warning, and its lists stay. Raises HzmetricsError.
    """
    hub, metrics, tables = store.hub, store.metrics, store.hub_tables
    stats, resources, versions = tables.resource_stats_tools.c, tables.resources.c, tables.tool_version.c
    profiles = profiles_copy(store.prefix).c

    tool_rows = hub.read(
        sa.select(
            stats.id,
            stats.resid,
            stats.period,
            sa.func.coalesce(stats.users, 0).label("users"),
            resources.alias,
        )
        .join_from(tables.resource_stats_tools, tables.resources, resources.id == stats.resid)
        .where(stats.datetime == month.key, stats.restype == TOOL, resources.standalone == 1)
    )
    known = pc.is_in(tool_rows["period"], pc.cast(PERIODS, tool_rows["period"].type))
    for row in tool_rows.filter(pc.invert(known)).to_pylist():
        log.warning(
            "%s: row %d has the unknown period %d: skipped", tables.resource_stats_tools, row["id"], row["period"]
        )
    tool_rows = tool_rows.filter(known)

    with Engine(rules.PACKAGE, corrections=settings.corrections) as engine:
        engine.register("windows", windows(month, PERIODS))
        engine.register("tool_rows", tool_rows.drop_columns("alias"))
        engine.register("tools", tool_rows.group_by(["resid", "alias"]).aggregate([]))
        engine.register("tool_version", hub.read(sa.select(versions.toolname, versions.instance)))
        engine.register("countries", metrics.read(sa.select(countries.c.code, countries.c.name)))
        engine.register("xprofiles", metrics.read(sa.select(profiles.username, profiles.uidNumber, profiles.orgtype)))
        engine.register(
            "sessionlog_metrics",
            copies.relation(
                metrics,
                sessionlog_metrics,
                "sessnum",
                "user",
                "start",
                "appname",
                "countryresident",
                "domain",
                enough=sessionlog_metrics.c.start < month.stop,
            ),
        )
        lists = engine.table("breakdowns")

    log.debug("%s: %d tool rows, %d rows of lists", month, tool_rows.num_rows, lists.num_rows)
    if dry_run or not lists.num_rows:
        return 0
    replaced = lists.filter(pc.equal(lists["rank"], 0)).select(["id", "top"])
    with hub.begin(tables.resource_stats_tools_topvals) as connection:
        replace(hub, connection, tables.resource_stats_tools_topvals, lists, replaced)
    return int(lists.num_rows)
