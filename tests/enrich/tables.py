"""Rows into and out of a hub's tables, for the tests of the steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from hzmetrics.store.database import Database
from hzmetrics.store.tables.metrics import sessionlog_metrics, toolstart, web, websessions
from tests.conftest import TestHub

TABLES = {table.name: table for table in (web, websessions, toolstart, sessionlog_metrics)}
NOON = "2025-03-10 12:00:00"


def put(database: Database, table: sa.Table, *rows: dict[str, Any]) -> None:
    with database.begin() as connection:
        for row in rows:
            connection.execute(sa.insert(table).values(row))


def visits(hub: TestHub, table: str, *rows: dict[str, Any]) -> None:
    """Rows of one of the four tables, numbered from 1, at noon of 2025-03-10 unless they say otherwise."""
    target = TABLES[table]
    if table == "sessionlog_metrics":
        numbered = [{"id": n, "sessnum": n, "start": row.pop("datetime", NOON), **row} for n, row in enumerate(rows, 1)]
    else:
        numbered = [{"id": n, "datetime": NOON, **row} for n, row in enumerate(rows, 1)]
    put(hub.store.metrics, target, *numbered)


def column(hub: TestHub, table: str, name: str) -> list[Any]:
    """The values of a column, in the order of the rows."""
    target = TABLES[table]
    return [value for (value,) in hub.store.metrics.rows(sa.select(target.c[name]).order_by(target.c.id))]


def every_row(database: Database, table: sa.Table, order: Sequence[str]) -> list[tuple[Any, ...]]:
    columns = [table.c[name] for name in order]
    return [tuple(row) for row in database.rows(sa.select(*columns).order_by(*columns))]
