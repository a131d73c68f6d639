"""Putting rows into a hub's tables, and what is in them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from hzmetrics.snapshots import remove_all
from hzmetrics.store.tables.metrics import countries, profiles_copy, sessionlog_metrics, web
from tests.conftest import TestHub

Row = dict[str, Any]


def tables(hub: TestHub) -> dict[str, tuple[Any, sa.Table]]:
    """Every table that the tools part reads or writes: its database and itself, by short name."""
    cms, store = hub.store.hub_tables, hub.store
    names = ("resources", "resource_assoc", "tool_version", "sessionlog", "joblog", "resource_stats",
             "resource_stats_tools", "resource_stats_tools_topvals", "stats_topvals")  # fmt: skip
    return {
        **{name: (store.hub, getattr(cms, name)) for name in names},
        "sessionlog_metrics": (store.metrics, sessionlog_metrics),
        "countries": (store.metrics, countries),
        "profiles": (store.metrics, profiles_copy(store.prefix)),
        "web": (store.metrics, web),
    }


def fill(hub: TestHub, rows: dict[str, list[Row]]) -> None:
    """Empty every table, then insert `rows`; a row may leave out columns."""
    remove_all(hub.settings)  # these rows are written as nothing else writes them
    known = tables(hub)
    for database in (hub.store.hub, hub.store.metrics):
        with database.begin() as connection:
            for name, (home, table) in known.items():
                if home is database:
                    connection.execute(sa.delete(table))
                    for _, alike in groupby(rows.get(name, []), key=lambda row: sorted(row)):
                        connection.execute(sa.insert(table), list(alike))


def stored(hub: TestHub, name: str, columns: Iterable[str] | None = None) -> list[Row]:
    """The rows of a table, by id where it has one."""
    database, table = tables(hub)[name]
    chosen = [table.c[column] for column in columns] if columns else list(table.c)
    query = sa.select(*chosen)
    if "id" in table.c:
        query = query.order_by(table.c.id)
    return [dict(row._mapping) for row in database.rows(query)]
