"""What a metrics database consists of at this moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from hzmetrics.store.connections import DatabaseMissing
from hzmetrics.store.database import Database
from hzmetrics.store.seeds import SEEDED
from hzmetrics.store.tables.metrics import alembic_version, metadata


@dataclass(frozen=True)
class ColumnState:
    type: str
    """Name of the type, without its width."""
    length: int | None = None
    """Characters it can hold, for text."""


@dataclass(frozen=True)
class IndexState:
    name: str
    columns: tuple[str, ...]
    unique: bool


@dataclass(frozen=True)
class TableState:
    name: str
    engine: str = ""
    rows: int = 0
    """Rows as the server estimates them; 0 where it does not."""
    size: int = 0
    """Bytes of data and indexes."""
    columns: Mapping[str, ColumnState] = field(default_factory=dict)
    indexes: tuple[IndexState, ...] = ()

    def starts_with(self, columns: tuple[str, ...]) -> bool:
        """Some index starts with these columns."""
        return any(index.columns[: len(columns)] == columns for index in self.indexes)

    def enforces(self, columns: tuple[str, ...]) -> bool:
        """Some unique key consists of exactly these columns."""
        return any(index.unique and set(index.columns) == set(columns) for index in self.indexes)

    @property
    def primary_key(self) -> tuple[str, ...]:
        return next((index.columns for index in self.indexes if index.name == "PRIMARY"), ())


@dataclass(frozen=True)
class Inventory:
    exists: bool
    """There is a database at all."""
    tables: Mapping[str, TableState] = field(default_factory=dict)
    version: str | None = None
    """The revision in `alembic_version`; empty when that table is, None without it."""
    unseeded: frozenset[str] = frozenset()
    """The reference and label tables that hold no row."""

    @property
    def is_new(self) -> bool:
        """Nothing to adopt (spec 70 §8.2, state a): none of the tables we know is there."""
        return self.version is None and not self.tables.keys() & metadata.tables.keys()

    @property
    def is_foreign(self) -> bool:
        """Made by the legacy scripts or the reference, not yet adopted (spec 70 §8.2, states b, c and d)."""
        return self.version is None and not self.is_new


def read(database: Database) -> Inventory:
    """Look at a database. One that does not exist is an inventory too. Raises StoreError."""
    try:
        with database.connect() as connection:
            tables = _mariadb(connection) if database.is_mariadb else _sqlite(connection)
            version = None
            if alembic_version.name in tables:
                version = connection.execute(sa.select(alembic_version.c.version_num)).scalar() or ""
            return Inventory(True, tables, version, _unseeded(connection, tables))
    except DatabaseMissing:
        return Inventory(False)


def _mariadb(connection: sa.Connection) -> dict[str, TableState]:
    columns: dict[str, dict[str, ColumnState]] = {}
    for table, name, kind, length in connection.execute(
        sa.text(
            "SELECT table_name, column_name, data_type, character_maximum_length FROM information_schema.columns "
            "WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position"
        )
    ):
        columns.setdefault(table, {})[name] = ColumnState(kind, length)
    parts: dict[str, dict[str, tuple[list[str], bool]]] = {}
    for table, name, column, plain in connection.execute(
        sa.text(
            "SELECT table_name, index_name, column_name, non_unique FROM information_schema.statistics "
            "WHERE table_schema = DATABASE() ORDER BY table_name, index_name, seq_in_index"
        )
    ):
        parts.setdefault(table, {}).setdefault(name, ([], not plain))[0].append(column)
    return {
        table: TableState(
            table,
            engine or "",
            int(rows or 0),
            int(size or 0),
            columns.get(table, {}),
            tuple(IndexState(name, tuple(of), unique) for name, (of, unique) in parts.get(table, {}).items()),
        )
        for table, engine, rows, size in connection.execute(
            sa.text(
                "SELECT table_name, engine, table_rows, data_length + index_length FROM information_schema.tables "
                "WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'"
            )
        )
    }


def _sqlite(connection: sa.Connection) -> dict[str, TableState]:
    looking = sa.inspect(connection)
    return {
        table: TableState(
            table,
            "SQLite",
            columns={column["name"]: ColumnState(str(column["type"])) for column in looking.get_columns(table)},
            indexes=tuple(
                IndexState(str(index["name"]), tuple(c for c in index["column_names"] if c), bool(index["unique"]))
                for index in looking.get_indexes(table)
            ),
        )
        for table in looking.get_table_names()
    }


def _unseeded(connection: sa.Connection, tables: Mapping[str, TableState]) -> frozenset[str]:
    probes = [
        sa.select(sa.literal(table.name).label("name")).where(~sa.exists(sa.select(sa.literal(1)).select_from(table)))
        for table in SEEDED
        if table.name in tables
    ]
    return frozenset(connection.execute(sa.union_all(*probes)).scalars()) if probes else frozenset()
