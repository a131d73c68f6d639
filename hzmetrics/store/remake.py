"""Replacing the rows of a table by those of another, while readers continue to read it."""

from __future__ import annotations

import sqlalchemy as sa

from hzmetrics.store.database import Database


def remake(database: Database, table: sa.Table, source: sa.Table, where: sa.ColumnElement[bool]) -> None:
    """Replace `table` by the rows of `source` that `where` holds for: all columns, typed as there. Raises StoreError.

    The new table is built beside the old one and takes its name when it is complete. It has the indexes of `table`.
    """
    if not database.is_mariadb:
        with database.begin() as connection:
            connection.execute(sa.delete(table))
            rows = sa.select(*source.columns).where(where)
            connection.execute(sa.insert(table).from_select(table.columns.keys(), rows))
        return
    new = f"{table.name}_new"
    indexes = sorted(table.indexes, key=lambda index: str(index.name))
    keys = ", ".join(f"KEY ({', '.join(f'`{column.name}`' for column in index.columns)})" for index in indexes)
    condition = where.compile(database.engine, compile_kwargs={"literal_binds": True})
    with database.connect() as connection:
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS `{new}`")
        connection.exec_driver_sql(
            f"CREATE TABLE `{new}` ({keys}) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci "
            f"SELECT * FROM `{source.name}` WHERE {condition}"
        )
        swap(connection, table.name, new)


def swap(connection: sa.Connection, table: str, new: str) -> None:
    """On MariaDB, let the table `new` take the place of `table`."""
    old = f"{table}_old"
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS `{old}`")
    if sa.inspect(connection).has_table(table):
        connection.exec_driver_sql(f"RENAME TABLE `{table}` TO `{old}`, `{new}` TO `{table}`")
        connection.exec_driver_sql(f"DROP TABLE `{old}`")
    else:
        connection.exec_driver_sql(f"RENAME TABLE `{new}` TO `{table}`")
