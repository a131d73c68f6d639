"""Everything published that is not a tool, and how many people used it (spec 40 §7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hzmetrics.calendar import Month, Months
from hzmetrics.publish.figures.definitions import Figure
from hzmetrics.publish.figures.tools import PACKAGE, SPANS, checksum, title
from hzmetrics.tools.rules import TOOL

if TYPE_CHECKING:
    import pyarrow as pa

    from hzmetrics.store import Store

USERS = Figure(
    "users", "Users", "Distinct pairs of address and host name that requested a file of it or of anything below it.",
    "People behind one address are one; a person who moves is several.",
)  # fmt: skip

USERS_IN = dict(zip(SPANS, ("in_month", "in_year", "in_all_time"), strict=True))
"""What the users of a period are called in the models."""


@dataclass(frozen=True)
class Resource:
    """A published resource that is no tool."""

    id: int
    title: str


def exist(store: Store) -> bool:
    """Whether any published resource has figures. Raises StoreError."""
    return store.hub.scalar(sa.select(sa.literal(1)).where(*_users(store)).limit(1)) is not None


def read(store: Store, month: Month) -> Sequence[tuple[Resource, Mapping[int, int]]]:
    """The published resources with users in a month, each with its users by period (`SPANS`), by title.

    Raises StoreError.
    """
    users = {
        row["resid"]: {span: row[name] for span, name in USERS_IN.items() if row[name] is not None}
        for row in store.hub.read(query(store, Months(month, month))).to_pylist()
    }
    return [(one, users[one.id]) for one in published(store) if one.id in users]


def published(store: Store) -> Sequence[Resource]:
    """All published resources that are no tools, by title. Raises StoreError."""
    resources = store.hub_tables.resources.c
    found = store.hub.rows(sa.select(resources.id, resources.title).where(*_is_published(store)))
    named = [Resource(one.id, title(one.title) or f"Resource {one.id}") for one in found]
    return sorted(named, key=lambda one: (one.title.casefold(), one.id))


def series(store: Store) -> pa.Table:
    """The users of each published resource that was used, in each month from its first on. Raises StoreError.

    Columns: resid, month (`YYYY-MM`), in_month, in_year, in_all_time; by resource and month.
    """
    from hzmetrics.engine import Engine

    stats = store.hub_tables.resource_stats.c
    rows = sa.select(stats.resid, stats.datetime, stats.period, stats.users).where(*_users(store))
    with Engine(PACKAGE) as engine:
        engine.register("resource_stats", store.hub.stream(rows, key="resid"))
        return engine.table("resource_series")


def query(store: Store, months: Months) -> sa.Select[Any]:
    """The users of published resources in some months: a row a resource, type and month.

    Grouped in the order of the table's key, the periods of a month become one row at no cost on SQLite.
    """
    stats = store.hub_tables.resource_stats.c
    numbers = [sa.func.max(sa.case((stats.period == span, stats.users))).label(name) for span, name in USERS_IN.items()]
    columns: list[Any] = [stats.resid, _month(store).label("month"), *numbers]
    groups = (stats.resid, stats.restype, stats.datetime)
    return sa.select(*columns).where(*_rows_of(store, months)).group_by(*groups)


def _rows_of(store: Store, months: Months) -> list[sa.ColumnElement[bool]]:
    """Which rows of the table are users, in some months, of published resources that are no tools."""
    in_months = (
        store.hub_tables.resource_stats.c.datetime >= months.first.key,
        store.hub_tables.resource_stats.c.datetime < months.last.stop,
        _month(store) <= str(months.last),  # the key of the month after, of day 0, comes before its first day
    )
    return [*_users(store), *in_months]


def _users(store: Store) -> list[sa.ColumnElement[bool]]:
    """Which rows of the table are users of published resources that are no tools."""
    stats, resources = store.hub_tables.resource_stats.c, store.hub_tables.resources.c
    ids = sa.select(resources.id).where(*_is_published(store))
    return [stats.restype != TOOL, stats.period.in_(SPANS), stats.resid.in_(ids)]


def _is_published(store: Store) -> list[sa.ColumnElement[bool]]:
    resources = store.hub_tables.resources.c
    return [resources.published == 1, resources.standalone == 1, resources.type != TOOL]


def _month(store: Store) -> sa.ColumnElement[str]:
    return sa.func.substr(store.hub_tables.resource_stats.c.datetime, 1, 7)


def fingerprint(store: Store) -> list[Any]:
    """What changes with every row that pages of resources are made of: to compute it is faster than to read them.

    Raises StoreError.
    """
    stats = store.hub_tables.resource_stats.c
    rows = checksum(store.hub, stats.id, [stats.users, stats.resid, stats.period])
    return [rows, [[one.id, one.title] for one in published(store)]]
