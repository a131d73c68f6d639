"""The two databases of a hub on MariaDB: made once in a test process, and emptied for each test."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

import pymysql
from pymysql.cursors import Cursor

from hzmetrics.store import Store
from hzmetrics.store.schema import create_metrics
from hzmetrics.store.tables.hub import HubTables
from tests.mariadb_server import SOCKET

NEXT_ID = re.compile(r" AUTO_INCREMENT=\d+")


class Made(NamedTuple):
    """What a test finds."""

    definitions: dict[str, str]
    """Of databases, tables and triggers, without the next ids."""
    rows: dict[str, str]
    """Checksums and next ids of the tables that have rows from the start."""


class Databases:
    """Databases under a name of their own. After a test that has changed more than rows, they are made anew."""

    def __init__(self, name: str) -> None:
        self.schemas = (f"{name}_hub", f"{name}_metrics")
        self._made: Made | None = None

    def empty(self, store: Store) -> None:
        """Give a test what a new installation has."""
        with pymysql.connect(unix_socket=os.environ[SOCKET], user="root", autocommit=True) as server:
            cursor = server.cursor()
            if not self._emptied(cursor):
                self._create(cursor, store)
                found = self._definitions(cursor)
                filled = [name for name in found if is_table(found[name]) and has_rows(cursor, name)]
                self._made = Made(without_ids(found), checksums(cursor, filled, found))

    def _create(self, cursor: Cursor, store: Store) -> None:
        for schema in self.schemas:
            cursor.execute(f"DROP DATABASE IF EXISTS {schema}")
            cursor.execute(f"CREATE DATABASE {schema} CHARACTER SET utf8mb3")
        with store.hub.begin() as connection:
            HubTables("jos_").metadata.create_all(connection)
        create_metrics(store.metrics, "jos_")

    def _emptied(self, cursor: Cursor) -> bool:
        """Remove rows; whether the databases are now as they were made."""
        if self._made is None:
            return False
        found = self._definitions(cursor)
        if without_ids(found) != self._made.definitions:
            return False
        for name, text in found.items():
            if is_table(text) and name not in self._made.rows and (NEXT_ID.search(text) or has_rows(cursor, name)):
                cursor.execute(f"TRUNCATE TABLE {name}")
        return checksums(cursor, list(self._made.rows), found) == self._made.rows

    def _definitions(self, cursor: Cursor) -> dict[str, str]:
        found = {}
        for schema in self.schemas:
            if rows(cursor, f"SHOW DATABASES LIKE '{schema}'"):
                found[schema] = rows(cursor, f"SHOW CREATE DATABASE {schema}")[0][1]
                for name, *_ in rows(cursor, f"SHOW TABLES IN {schema}"):
                    table = f"{schema}.`{name}`"
                    found[table] = rows(cursor, f"SHOW CREATE TABLE {table}")[0][1]
                for name, *rest in rows(cursor, f"SHOW TRIGGERS IN {schema}"):
                    found[f"{schema}, trigger {name}"] = str(rest[:3])
        return found


def rows(cursor: Cursor, statement: str) -> list[tuple[str, ...]]:
    cursor.execute(statement)
    return list(cursor.fetchall())


def has_rows(cursor: Cursor, table: str) -> bool:
    return bool(rows(cursor, f"SELECT 1 FROM {table} LIMIT 1"))


def is_table(definition: str) -> bool:
    return definition.startswith("CREATE TABLE")


def without_ids(definitions: dict[str, str]) -> dict[str, str]:
    return {name: NEXT_ID.sub("", text) for name, text in definitions.items()}


def checksums(cursor: Cursor, tables: list[str], definitions: dict[str, str]) -> dict[str, str]:
    found = rows(cursor, f"CHECKSUM TABLE {', '.join(tables)}")
    return {
        table: f"{checksum}{''.join(NEXT_ID.findall(definitions[table]))}"
        for table, (_, checksum) in zip(tables, found, strict=True)
    }
