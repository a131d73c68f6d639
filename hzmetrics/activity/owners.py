"""The rows of one user in all tables that hold user names: deleted, or moved to another name (spec 80 §3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from hzmetrics.activity import weights
from hzmetrics.store import Store
from hzmetrics.store.tables.live import activity_samples, activity_users, activity_volumes, user_events, user_last_event
from hzmetrics.users.user import plain

Row = dict[str, Any]

TABLES: tuple[tuple[sa.Table, tuple[str, ...], Callable[[Row], Any]], ...] = (
    (activity_samples, ("timestamp",), lambda row: row["is_active"]),
    (activity_users, (), lambda row: row["updated"]),
    (activity_volumes, ("volume",), lambda row: row["updated"]),
    (user_events, ("time", "event"), lambda row: 0),
    (user_last_event, ("event",), lambda row: row["time"]),
)
"""Each table, the columns that tell rows of a user apart, and the rank: of two rows that clash the larger stays."""


def _written(table: sa.Table, username: str) -> str:
    """The name as a table holds it: names from logs are in lower case."""
    return plain(username) if table in (user_events, user_last_event) else username


def delete(store: Store, username: str) -> int:
    """Delete all rows of a user; their number."""
    with store.metrics.begin() as connection:
        deleted = sum(
            connection.execute(sa.delete(table).where(table.c.username == _written(table, username))).rowcount
            for table, *_ in TABLES
        )
        weights.forget(connection)
    return deleted


def rename(store: Store, old: str, new: str) -> int:
    """Move all rows of a user to another name; their number. Of two samples that clash the active one stays."""
    with store.metrics.begin() as connection:
        moved = sum(
            _move(connection, table, key, rank, _written(table, old), _written(table, new))
            for table, key, rank in TABLES
        )
        weights.forget(connection)
    return moved


def _move(
    connection: sa.Connection, table: sa.Table, key: tuple[str, ...], rank: Callable[[Row], Any], old: str, new: str
) -> int:
    both = table.c.username.in_((old, new))
    rows: list[Row] = [dict(row) for row in connection.execute(sa.select(table).where(both)).mappings()]
    moved = len([row for row in rows if row["username"] == old])
    if moved and old != new:
        rows.sort(key=lambda row: (rank(row), row["username"] == new))
        kept = {tuple(row[name] for name in key): {**row, "username": new} for row in rows}
        connection.execute(sa.delete(table).where(both))
        connection.execute(sa.insert(table), list(kept.values()))
    return moved
