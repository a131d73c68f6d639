"""The tools: their figures over time, and who uses them (spec 40)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hzmetrics.calendar import ALL_MONTHS, Month, Months
from hzmetrics.publish.figures.anonymity import Share, cut, one_line, shares
from hzmetrics.publish.figures.definitions import PERIODS, Figure
from hzmetrics.tools.reading import BREAKDOWNS
from hzmetrics.tools.rules import TOOL

if TYPE_CHECKING:
    import pyarrow as pa

    from hzmetrics.store import Store
    from hzmetrics.store.database import Database

SPANS = (1, 12, 14)
"""The periods in which tools and resources are ranked and followed."""
SPAN_TITLES = {1: "Month", 12: "12 months", 14: "All time"}

FIGURES = (
    Figure("users", "Users", "Distinct users of the tool's sessions that began in the period."),
    Figure(
        "simulations", "Runs",
        "Runs that the users started, including those that had to wait, without launches of the tool and parts of "
        "other runs. The simulation runs of all tools are counted otherwise: with these, and without waiting ones.",
        "Runs count in the period in which their session begins.",
    ),
    Figure("sessions", "Sessions", "Sessions of the tool that began in the period."),
    Figure("jobs", "Jobs", "Jobs that ran in these sessions, including the tool itself."),
    Figure("tot_wall", "Wall time", "Total time that the sessions were open.", "", "seconds"),
    Figure("tot_cpu", "CPU time", "Total processor time of the jobs.", "", "seconds"),
    Figure("tot_view", "Interaction time", "Total time that the sessions were in view.", "", "seconds"),
    Figure("tot_wait", "Waiting time", "Total time that jobs waited for a machine.", "", "seconds"),
    Figure("avg_wall", "Mean wall time", "Wall time divided by runs.", "", "seconds", times="minutes"),
    Figure("avg_cpu", "Mean CPU time", "CPU time divided by runs.", "", "seconds", times="minutes"),
    Figure("avg_view", "Mean interaction time", "Interaction time divided by runs.", "", "seconds", times="minutes"),
    Figure("avg_wait", "Mean waiting time", "Waiting time divided by runs.", "", "seconds", times="minutes"),
)  # fmt: skip
"""The figures of a tool (spec 40 §4)."""
KEYS = tuple(figure.key for figure in FIGURES)
PACKAGE = "hzmetrics.publish"

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


Figures = Mapping[int, Mapping[str, float]]
"""By period: each figure of a tool."""


def exist(store: Store) -> bool:
    """Whether any published tool has figures. Raises StoreError."""
    return store.hub.scalar(sa.select(sa.literal(1)).where(*_rows_of(store)).limit(1)) is not None


def newest(store: Store) -> Month | None:
    """The last month in which a published tool has figures; None: there is none. Raises StoreError."""
    found = store.hub.scalar(sa.select(sa.func.max(_month(store))).where(*_rows_of(store)))
    return Month.parse(found) if found else None


def published(store: Store) -> Sequence[Tool]:
    """All published tools, by title. Raises StoreError."""
    resources = store.hub_tables.resources.c
    found = store.hub.rows(sa.select(resources.id, resources.alias, resources.title).where(*_is_published(store)))
    named = [Tool(one.id, one.alias, title(one.title) or title(one.alias)) for one in found]
    return sorted(named, key=lambda tool: (tool.title.casefold(), tool.id))


def read(store: Store, month: Month) -> Sequence[tuple[Tool, Figures]]:
    """The published tools with figures of a month, each with these, by title. Raises StoreError."""
    from hzmetrics.engine import Engine

    with Engine(PACKAGE) as engine:
        engine.register("tool_stats", store.hub.stream(query(store, Months(month, month))))
        rows = engine.table("tool_rows").to_pylist()
    figures: dict[int, dict[int, Mapping[str, float]]] = {}
    for row in rows:
        figures.setdefault(row["resid"], {})[row["period"]] = {key: row[key] or 0 for key in KEYS}
    return [(tool, figures[tool.id]) for tool in published(store) if tool.id in figures]


def series(store: Store) -> pa.Table:
    """The figures of each published tool over the months that have any, by tool, period and month. Raises StoreError.

    Columns: resid, period (each of `SPANS`), month (`YYYY-MM`), and the figures.
    """
    from hzmetrics.engine import Engine

    in_spans = store.hub_tables.resource_stats_tools.c.period.in_(SPANS)
    with Engine(PACKAGE) as engine:
        engine.load("tool_stats", store.hub.stream(query(store).where(in_spans)))
        return engine.table("tool_series")


def query(store: Store, months: Months = ALL_MONTHS) -> sa.Select[Any]:
    """The figures of published tools in some months, as the models read them."""
    stats = store.hub_tables.resource_stats_tools.c
    keys = [sa.cast(stats[name], sa.BigInteger).label(name) for name in ("resid", "period")]
    columns: list[Any] = [*keys, _month(store).label("month"), stats.id, *(stats[key] for key in KEYS)]
    in_months = (
        stats.datetime >= months.first.key,
        stats.datetime < months.last.stop,
        _month(store) <= str(months.last),  # the key of the month after, of day 0, comes before its first day
    )
    return sa.select(*columns).where(*_rows_of(store), *in_months)


def _rows_of(store: Store) -> list[sa.ColumnElement[bool]]:
    """Which rows of the table are figures of published tools."""
    stats = store.hub_tables.resource_stats_tools.c
    ids = sa.select(store.hub_tables.resources.c.id).where(*_is_published(store))
    return [stats.restype == TOOL, stats.period.in_([period.code for period in PERIODS]), stats.resid.in_(ids)]


def _is_published(store: Store) -> list[sa.ColumnElement[bool]]:
    resources = store.hub_tables.resources.c
    return [resources.type == TOOL, resources.published == 1]


def _month(store: Store) -> sa.ColumnElement[str]:
    return sa.func.substr(store.hub_tables.resource_stats_tools.c.datetime, 1, 7)


def fingerprint(store: Store, published: Sequence[Tool]) -> list[Any]:
    """What changes with the titles and with every row of figures: to compute it is faster than to read them.

    Raises StoreError.
    """
    stats = store.hub_tables.resource_stats_tools.c
    rows = checksum(store.hub, stats.id, [stats.resid, stats.period, *(stats[key] for key in KEYS)])
    return [rows, [[tool.id, tool.alias, tool.title] for tool in published]]


PRIME = 9973
"""Numbers weigh by the key of their row modulo this."""


def checksum(database: Database, key: sa.ColumnElement[int], numbers: Sequence[sa.ColumnElement[Any]]) -> list[str]:
    """The number of rows, the highest key, and of each number the sum, in which it weighs by the key of its row.

    Raises StoreError.
    """
    sums = [sa.func.sum(number * (key % PRIME + 1)) for number in numbers]
    (row,) = database.rows(sa.select(sa.func.count(), sa.func.max(key), *sums))
    return list(map(str, row))


def title(text: str | None) -> str:
    """A title as it is published: one line that is not too long."""
    return cut(one_line(text))


def breakdowns(store: Store, month: Month, at_least: int) -> Mapping[tuple[int, str, int], Sequence[Share]]:
    """Who used each tool until the end of a month, by tool, kind of list and period. Raises StoreError.

    Groups of fewer than `at_least` people are not told apart.
    """
    import pyarrow.compute as pc

    stats, values = store.hub_tables.resource_stats_tools, store.hub_tables.resource_stats_tools_topvals
    kinds = {code: kind for kind, code in BREAKDOWNS.items()}
    first = (
        sa.select(sa.func.min(stats.c.id).label("id"))
        .where(*_rows_of(store), stats.c.datetime == month.key, stats.c.period.in_(SPANS))
        .group_by(stats.c.resid, stats.c.period)
        .subquery()
    )
    rows = store.hub.read(
        sa.select(stats.c.resid, stats.c.period, values.c.top, values.c.name, values.c.value)
        .join(first, first.c.id == stats.c.id)
        .join(values, values.c.id == stats.c.id)
        .where(values.c.rank > 0, values.c.top.in_(kinds))
    )
    found: dict[tuple[int, str, int], list[tuple[str | None, int]]] = {}
    for row in rows.filter(pc.is_valid(rows["value"])).to_pylist():
        name = ORGANIZATION_TYPES.get(row["name"], row["name"])
        found.setdefault((row["resid"], kinds[row["top"]], row["period"]), []).append((name, row["value"]))
    return {key: shares(parts, at_least) for key, parts in found.items()}
