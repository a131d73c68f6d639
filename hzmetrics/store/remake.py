"""Replacing the rows of a table by those of another, while readers continue to read it."""

from __future__ import annotations

import sqlalchemy as sa

from hzmetrics.store.database import Database


def remake(database: Database, table: sa.Table, source: sa.Table, where: sa.ColumnElement[bool]) -> None:
    """Replace `table` by the rows of `source` that `where` holds for: all columns, typed as there. Raises StoreError.

    A new table is built beside the old one and takes its name when it is complete. It has the indexes of `table`. An
    old one that has all this already stays: to compare them takes a fraction of the time.
    """
    if _is_made(database, table, source, where):
        return
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


def _is_made(database: Database, table: sa.Table, source: sa.Table, where: sa.ColumnElement[bool]) -> bool:
    """Whether `table` has the columns, indexes and rows already that `remake` would give it."""
    (key,) = source.primary_key
    with database.connect() as connection:
        inspector = sa.inspect(connection)
        if not inspector.has_table(table.name):
            return False
        columns = _columns(inspector, source)
        indexed = {tuple(index["column_names"]) for index in inspector.get_indexes(table.name)}
        if columns != _columns(inspector, table) or indexed != {tuple(index.columns.keys()) for index in table.indexes}:
            return False

        def as_stored(of: sa.Table, name: str) -> sa.ColumnElement[object]:
            column: sa.ColumnClause[object] = sa.column(name, _selectable=of)
            return sa.cast(column, sa.LargeBinary) if database.is_mariadb else column

        same = [as_stored(table, name).is_not_distinct_from(as_stored(source, name)) for name, _ in columns]
        matched = (
            sa.select(sa.func.count().label("rows"), sa.func.count(table.c[key.name].distinct()).label("keys"))
            .select_from(table.join(source, table.c[key.name] == key))
            .where(where, *same)
            .subquery()
        )
        kept = sa.select(sa.func.count()).select_from(table).scalar_subquery()
        given = sa.select(sa.func.count()).select_from(source).where(where).scalar_subquery()
        counts = connection.execute(sa.select(kept, given, matched.c.rows, matched.c["keys"])).one()
    return len(set(counts)) == 1


def _columns(inspector: sa.Inspector, table: sa.Table) -> list[tuple[str, str]]:
    """The names of a table's columns, with their types on MariaDB: SQLite has no more of them than the schema says."""
    if inspector.dialect.name == "sqlite":
        return [(column.name, "") for column in table.columns]
    return [(column["name"], str(column["type"])) for column in inspector.get_columns(table.name)]
