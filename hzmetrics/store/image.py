"""Copying a table of one database into the other: its columns, keys and rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from hzmetrics.errors import StoreError
from hzmetrics.store.database import Database, uri
from hzmetrics.store.remake import swap


def replace_with_image(
    database: Database, table: str, source: Database, original: str, where: sa.ColumnElement[bool], hidden: str
) -> int:
    """Put a copy of the rows `where` of `original` in place of `table`; returns the rows copied.

    Columns with `hidden` in their names stay empty. The copy is built beside `table` and takes its place when it is
    complete; until then, and after any failure, the old one is there. Both databases are on one server, or are SQLite
    files. Raises StoreError.
    """
    if original not in source.table_names:
        raise StoreError(f"{source.name} database: there is no table {original}")
    with source.connect() as connection:
        columns = [c for c in sa.inspect(connection).get_columns(original) if "computed" not in c]
    quote = database.engine.dialect.identifier_preparer.quote
    names = ", ".join(quote(column["name"]) for column in columns)
    values = ", ".join(
        _nothing(column) if hidden in column["name"].lower() else quote(column["name"]) for column in columns
    )
    new = f"{table}_new"
    building = _building_mariadb if database.is_mariadb else _building_sqlite
    with database.connect() as connection, building(connection, source, original, table, new) as origin:
        condition = where.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
        return connection.exec_driver_sql(
            f"INSERT INTO {quote(new)} ({names}) SELECT {values} FROM {origin} AS {quote(original)} WHERE {condition}"
        ).rowcount


def _nothing(column: Any) -> str:
    """The empty value of a column."""
    if column["nullable"]:
        return "NULL"
    return "''" if isinstance(column["type"], sa.String) else "0"


@contextmanager
def _building_mariadb(
    connection: sa.Connection, source: Database, original: str, table: str, new: str
) -> Iterator[str]:
    """Makes the empty table `new` like `original`, gives the name that `original` has here, and puts it in place."""
    with source.connect() as other:
        schema = other.exec_driver_sql("SELECT DATABASE()").scalar()
    origin = f"`{schema}`.`{original}`"
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS `{new}`")
    connection.exec_driver_sql(f"CREATE TABLE `{new}` LIKE {origin}")
    yield origin
    swap(connection, table, new)


@contextmanager
def _building_sqlite(connection: sa.Connection, source: Database, original: str, table: str, new: str) -> Iterator[str]:
    """As `_building_mariadb`, in one transaction."""
    connection.exec_driver_sql("ATTACH DATABASE ? AS source", (uri(source.engine.url.database or ""),))
    try:
        definition = connection.exec_driver_sql(
            "SELECT sql FROM source.sqlite_master WHERE type = 'table' AND name = ?", (original,)
        ).scalar_one()
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            connection.exec_driver_sql(f'CREATE TABLE "{new}" {definition[definition.index("(") :]}')
            yield f'source."{original}"'
            connection.exec_driver_sql(f'DROP TABLE IF EXISTS "{table}"')
            connection.exec_driver_sql(f'ALTER TABLE "{new}" RENAME TO "{table}"')
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        connection.exec_driver_sql("COMMIT")
    finally:
        connection.exec_driver_sql("DETACH DATABASE source")
