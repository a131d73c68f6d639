"""What the tables say about the hub's tools, for people: `tools top` and `tools show`."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

import sqlalchemy as sa

from hzmetrics.calendar import Month
from hzmetrics.collation import fold
from hzmetrics.errors import HzmetricsError
from hzmetrics.store import Store
from hzmetrics.tools.rules import TOOL, TOPLISTS

BREAKDOWNS = {"countries": 1, "domains": 2, "organisations": 3}
"""The lists of a tool's users: code in resource_stats_tools_topvals (spec 40 §5)."""

READING_ORDER = (1, 3, 0, 13, 12, 14)
"""The periods, the shortest first."""


def newest_month(store: Store) -> Month:
    """The last month that tools have rows for. Raises HzmetricsError when there is none."""
    stats = store.hub_tables.resource_stats_tools.c
    newest = store.hub.scalar(sa.select(sa.func.max(stats.datetime)).where(stats.restype == TOOL))
    if newest is None:
        raise HzmetricsError("no statistics of tools yet: run gen-tool-stats")
    return Month.parse(newest[:7])


def top(store: Store, month: Month, period: int, by: str) -> dict[str, Any]:
    """The published tools of a month and period, the first by `by` first, and the hub's totals.

    Keys: month, period, by, totals (users, jobs, wall, cpu, view; None where the ranked lists were not written), tools
    (rank, resource, alias, title, users, sessions, jobs, wall, cpu, view). Times are seconds. Raises HzmetricsError.
    """
    tables = store.hub_tables
    stats, resources, lists = tables.resource_stats_tools.c, tables.resources.c, tables.stats_topvals.c
    rows = store.hub.rows(
        sa.select(
            stats.resid.label("resource"),
            resources.alias,
            resources.title,
            stats.users,
            stats.sessions,
            stats.jobs,
            stats.tot_wall.label("wall"),
            stats.tot_cpu.label("cpu"),
            stats.tot_view.label("view"),
        )
        .join_from(tables.resource_stats_tools, tables.resources, resources.id == stats.resid)
        .where(stats.restype == TOOL, stats.datetime == month.key, stats.period == period, resources.published == 1)
        .order_by(stats.resid, stats.id)
    )
    if not rows:
        raise HzmetricsError(f"no statistics of published tools for {month}: run gen-tool-stats {month}")
    totals = {
        row.top: row.value
        for row in store.hub.rows(
            sa.select(lists.top, lists.value).where(
                lists.datetime == month.key, lists.period == period, lists.rank == 0, lists.top.in_(TOPLISTS.values())
            )
        )
    }
    ranked = sorted((dict(row._mapping) for row in rows), key=lambda row: -(row[by] or 0))
    return {
        "month": str(month),
        "period": period,
        "by": by,
        "totals": {name: totals.get(code) for name, code in TOPLISTS.items()},
        "tools": [{"rank": rank, **row} for rank, row in enumerate(ranked, 1)],
    }


def show(store: Store, name: str, month: Month, period: int) -> dict[str, Any]:
    """The figures of one tool, by alias or resource id: every period of a month, and who its users are in one of them.

    Keys: month, resource, alias, title, published, periods (period, users, sessions, simulations, jobs, wall, cpu,
    view, wait), breakdown (period; countries, domains, organisations: name, users). Times are seconds. Raises
    HzmetricsError.
    """
    tool = _find(store, name)
    stats, values = store.hub_tables.resource_stats_tools.c, store.hub_tables.resource_stats_tools_topvals.c
    rows = store.hub.rows(
        sa.select(
            stats.id,
            stats.period,
            stats.users,
            stats.sessions,
            stats.simulations,
            stats.jobs,
            stats.tot_wall.label("wall"),
            stats.tot_cpu.label("cpu"),
            stats.tot_view.label("view"),
            stats.tot_wait.label("wait"),
        )
        .where(stats.restype == TOOL, stats.datetime == month.key, stats.resid == tool["resource"])
        .order_by(stats.id.desc())
    )
    found = {row.period: dict(row._mapping) for row in rows}  # of several rows the lowest id is the one kept up to date
    if not found:
        raise HzmetricsError(f"no statistics of {name} for {month}: run gen-tool-stats {month}")
    users = store.hub.rows(
        sa.select(values.top, values.name, values.value)
        .where(values.id == found.get(period, {}).get("id"), values.rank > 0)
        .order_by(values.top, values.rank, values.value.desc())
    )
    return {
        "month": str(month),
        **tool,
        "periods": [
            {key: value for key, value in found[code].items() if key != "id"} for code in READING_ORDER if code in found
        ],
        "breakdown": {
            "period": period,
            **{
                title: [{"name": row.name, "users": row.value} for row in users if row.top == code]
                for title, code in BREAKDOWNS.items()
            },
        },
    }


def _find(store: Store, name: str) -> dict[str, Any]:
    """The tool with the resource id or else the alias `name`; of several with one alias that of the lowest id."""
    resources = store.hub_tables.resources.c
    tools = store.hub.rows(
        sa.select(resources.id.label("resource"), resources.alias, resources.title, resources.published)
        .where(resources.type == TOOL)
        .order_by(resources.id)
    )
    for tool in (
        *(tool for tool in tools if str(tool.resource) == name),
        *(tool for tool in tools if fold(tool.alias) == fold(name)),
    ):
        return {**tool._mapping, "published": tool.published == 1}
    near = get_close_matches(name, [tool.alias for tool in tools], n=1)
    raise HzmetricsError(f"no tool {name!r} on this hub" + (f"; did you mean {near[0]}?" if near else ""))
