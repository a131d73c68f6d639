"""Inserting rows whose primary key may exist already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa


def upsert(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert `rows`, or overwrite those of the same primary key, in one statement. Other columns get their defaults."""
    if not rows:
        return
    keys = {column.name for column in table.primary_key}
    fresh = [column.name for column in table.columns if column.name not in keys]
    statement: sa.sql.Insert
    if connection.dialect.name in ("mysql", "mariadb"):
        from sqlalchemy.dialects.mysql import insert as mariadb_insert

        over = mariadb_insert(table).values(list(rows))
        statement = over.on_duplicate_key_update({name: over.inserted[name] for name in fresh})
    else:
        from sqlalchemy.dialects.sqlite import insert as sqlite_insert

        into = sqlite_insert(table).values(list(rows))
        statement = into.on_conflict_do_update(
            index_elements=list(table.primary_key), set_={name: into.excluded[name] for name in fresh}
        )
    connection.execute(statement)


def add_to(connection: sa.Connection, table: sa.Table, rows: sa.Select[Any]) -> None:
    """Add the numbers of `rows` (a column for each of the table's, with a WHERE) to the row with the same primary key;
    where none is, it becomes one."""
    numbers = [column.name for column in table.columns if not column.primary_key]
    names = [column.name for column in table.columns]
    statement: sa.sql.Insert
    if connection.dialect.name in ("mysql", "mariadb"):
        from sqlalchemy.dialects.mysql import insert as mariadb_insert

        over = mariadb_insert(table).from_select(names, rows)
        statement = over.on_duplicate_key_update({name: table.c[name] + over.inserted[name] for name in numbers})
    else:
        from sqlalchemy.dialects.sqlite import insert as sqlite_insert

        into = sqlite_insert(table).from_select(names, rows)
        statement = into.on_conflict_do_update(
            index_elements=list(table.primary_key),
            set_={name: table.c[name] + into.excluded[name] for name in numbers},
        )
    connection.execute(statement)


def insert_missing(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert those of `rows` whose primary key no row has; their number. Values must fit their columns."""
    if not rows:
        return 0
    statement = sa.insert(table).prefix_with("IGNORE", dialect="mysql").prefix_with("OR IGNORE", dialect="sqlite")
    return connection.execute(statement, list(rows)).rowcount
