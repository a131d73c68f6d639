"""The tools: their figures over time, and who uses them (spec 40)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hzmetrics.calendar import Month
from hzmetrics.output.text import printable
from hzmetrics.publish.figures.anonymity import LONGEST, Share, shares
from hzmetrics.publish.figures.definitions import PERIODS, Figure
from hzmetrics.tools.reading import BREAKDOWNS
from hzmetrics.tools.rules import TOOL

if TYPE_CHECKING:
    import pyarrow as pa

    from hzmetrics.store import Store

SPANS = (1, 12, 14)
"""The periods in which tools and resources are ranked and followed."""
SPAN_TITLES = {1: "Month", 12: "12 months", 14: "All time"}

FIGURES = (
    Figure("users", "Users", "Distinct users of the tool's sessions that began in the period."),
    Figure(
        "simulations", "Runs", "Runs that the users asked for, those that had to wait included.",
        "Runs count in the period in which their session begins.",
    ),
    Figure("sessions", "Sessions", "Sessions of the tool that began in the period."),
    Figure("jobs", "Jobs", "Jobs that ran in these sessions, the tool itself included."),
    Figure("tot_wall", "Wall time", "How long the sessions were open, together.", "", "seconds"),
    Figure("tot_cpu", "CPU time", "Processor time of the jobs, together.", "", "seconds"),
    Figure("tot_view", "Interaction time", "How long the sessions were in view, together.", "", "seconds"),
    Figure("tot_wait", "Waiting time", "How long jobs waited for a machine, together.", "", "seconds"),
    Figure("avg_wall", "Mean wall time", "Wall time divided by runs.", "", "seconds"),
    Figure("avg_cpu", "Mean CPU time", "CPU time divided by runs.", "", "seconds"),
    Figure("avg_view", "Mean interaction time", "Interaction time divided by runs.", "", "seconds"),
    Figure("avg_wait", "Mean waiting time", "Waiting time divided by runs.", "", "seconds"),
)  # fmt: skip
"""The figures of a tool (spec 40 §4)."""

TITLES = {"countries": "Countries", "domains": "Domains", "organisations": "Kinds of organizations"}

ORGANIZATION_TYPES = {
    "universityundergraduate": "Undergraduate students",
    "universitygraduate": "Graduate students",
    "universityfaculty": "University faculty",
    "universitystaff": "University staff",
    "university": "Universities",
    "precollegestudent": "Pupils",
    "precollegefacultystaff": "School staff",
    "precollege": "Schools",
    "educational": "Education",
    "industry": "Industry",
    "government": "Government",
    "personal": "Personal",
    "unemployed": "Not employed",
}
"""The kinds of organizations in profiles, in words; others are shown as they are."""


@dataclass(frozen=True)
class Tool:
    """A published tool."""

    id: int
    alias: str
    title: str
    figures: Mapping[int, Mapping[str, Mapping[str, float]]]
    """By period and month (`YYYY-MM`, ascending): each figure."""
    breakdowns: Mapping[str, Mapping[int, Sequence[Share]]] = field(default_factory=dict)
    """By kind of list and period: who used it until the end of the newest month."""

    def of(self, period: int, month: Month | str) -> Mapping[str, float]:
        """The figures of a month; empty without any."""
        return self.figures.get(period, {}).get(str(month), {})


@dataclass(frozen=True)
class Tools:
    """All published tools."""

    newest: Month | None
    """The last month that has figures; None: there are none."""
    tools: Sequence[Tool]


def read(store: Store, at_least: int) -> Tools:
    """All published tools with figures, by title; groups of fewer than `at_least` people are not told apart.

    Raises StoreError.
    """
    import pyarrow.compute as pc

    from hzmetrics.engine import Engine

    tables = store.hub_tables
    published = store.hub.rows(
        sa.select(tables.resources.c.id, tables.resources.c.alias, tables.resources.c.title)
        .where(tables.resources.c.type == TOOL, tables.resources.c.published == 1)
        .order_by(tables.resources.c.id)
    )
    if not published:
        return Tools(None, ())
    rows = _rows(store)
    if not rows.num_rows:
        return Tools(None, ())
    with Engine("hzmetrics.publish") as engine:
        engine.register("tool_stats", rows)
        found = engine.table("tool_rows")
    newest = Month.parse(pc.max(found["month"]).as_py())
    by_tool: dict[int, dict[int, dict[str, dict[str, float]]]] = {}
    ids: dict[int, tuple[int, int]] = {}
    for row in found.filter(pc.is_in(found["resid"], _array([tool.id for tool in published]))).to_pylist():
        resid, period, month, key = (row.pop(name) for name in ("resid", "period", "month", "id"))
        by_tool.setdefault(resid, {}).setdefault(period, {})[month] = {name: row[name] or 0 for name in row}
        if month == str(newest) and period in SPANS:
            ids[key] = (resid, period)
    lists = _lists(store, newest, ids)
    tools = [
        Tool(
            tool.id,
            tool.alias,
            title(tool.title) or title(tool.alias),
            by_tool[tool.id],
            {
                kind: {period: shares(lists.get((tool.id, period, code), ()), at_least) for period in SPANS}
                for kind, code in BREAKDOWNS.items()
            },
        )
        for tool in published
        if tool.id in by_tool
    ]
    return Tools(newest, sorted(tools, key=lambda tool: (tool.title.casefold(), tool.id)))


def title(text: str | None) -> str:
    """A title as it is published: one line that is not too long."""
    shown = printable(" ".join((text or "").split()))
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"


def _rows(store: Store) -> pa.Table:
    """The figures of all tools, as the models read them."""
    import pyarrow as pa

    stats = store.hub_tables.resource_stats_tools.c
    names = [figure.key for figure in FIGURES]
    rows = store.hub.read(
        sa.select(
            stats.resid, stats.period, sa.func.substr(stats.datetime, 1, 7).label("month"), stats.id,
            *(stats[name] for name in names),
        ).where(stats.restype == TOOL, stats.period.in_([period.code for period in PERIODS]), stats.datetime >= "1")
    )  # fmt: skip
    from hzmetrics.engine.models import inputs

    order = [column.name for column in inputs("hzmetrics.publish")["tool_stats"].columns]
    real = [name for name in names if name.startswith(("tot_", "avg_"))]
    types = {name: pa.float64() if name in real else pa.string() if name == "month" else pa.int64() for name in order}
    return pa.table({column: rows[column].cast(kind) for column, kind in types.items()})


def _array(values: Sequence[int]) -> pa.Array:
    import pyarrow as pa

    return pa.array(values, pa.int64())


def _lists(
    store: Store, newest: Month, ids: Mapping[int, tuple[int, int]]
) -> dict[tuple[int, int, int], list[tuple[str | None, int]]]:
    """The lists of users of the newest month, by tool, period and code of the list."""
    stats, values = store.hub_tables.resource_stats_tools, store.hub_tables.resource_stats_tools_topvals
    query = (
        sa.select(values.c.id, values.c.top, values.c.name, values.c.value)
        .join(stats, stats.c.id == values.c.id)
        .where(stats.c.restype == TOOL, stats.c.datetime == newest.key, stats.c.period.in_(SPANS), values.c.rank > 0)
    )
    found: dict[tuple[int, int, int], list[tuple[str | None, int]]] = {}
    rows: list[dict[str, Any]] = store.hub.read(query).to_pylist()
    for row in rows:
        if row["id"] in ids:
            resid, period = ids[row["id"]]
            name = ORGANIZATION_TYPES.get(row["name"], row["name"])
            found.setdefault((resid, period, row["top"]), []).append((name, row["value"]))
    return found
