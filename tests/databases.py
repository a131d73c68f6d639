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
    """Checksums of the tables that have rows from the start."""


class Databases:
    """Databases under a name of their own. After a test that has changed more than rows, they are made anew."""

    def __init__(self, name: str) -> None:
        self.schemas = (f"{name}_hub", f"{name}_metrics")
        self.kept = f"{name}_kept"
        """A database with copies of the tables that have rows from the start."""
        self._made: Made | None = None

    def empty(self, store: Store) -> None:
        """Give a test what a new installation has."""
        with pymysql.connect(unix_socket=os.environ[SOCKET], user="root", autocommit=True) as server:
            cursor = server.cursor()
            if not self._emptied(cursor):
                self._create(cursor, store)
                self._made = self._contents(cursor)
                self._keep(cursor)

    def _create(self, cursor: Cursor, store: Store) -> None:
        for schema in self.schemas:
            cursor.execute(f"DROP DATABASE IF EXISTS {schema}")
            cursor.execute(f"CREATE DATABASE {schema} CHARACTER SET utf8mb3")
        with store.hub.begin() as connection:
            HubTables("jos_").metadata.create_all(connection)
        create_metrics(store.metrics, "jos_")

    def _keep(self, cursor: Cursor) -> None:
        cursor.execute(f"DROP DATABASE IF EXISTS {self.kept}")
        cursor.execute(f"CREATE DATABASE {self.kept}")
        for name in self._made.rows if self._made else ():
            copy = f"{self.kept}.{name.partition('.')[2]}"
            cursor.execute(f"CREATE TABLE {copy} LIKE {name}")
            cursor.execute(f"INSERT INTO {copy} SELECT * FROM {name}")

    def _emptied(self, cursor: Cursor) -> bool:
        """Remove rows, and make what was changed as it was; whether that succeeded."""
        if self._made is None:
            return False
        found = self._definitions(cursor)
        if not_tables(found) != not_tables(self._made.definitions):
            return False
        for name, text in found.items():
            if is_table(text) and without_ids(text) != self._made.definitions.get(name):
                cursor.execute(f"DROP TABLE {name}")
            elif is_table(text) and name not in self._made.rows and (NEXT_ID.search(text) or has_rows(cursor, name)):
                cursor.execute(f"TRUNCATE TABLE {name}")
        for name, text in self._made.definitions.items():
            if is_table(text) and without_ids(found.get(name, "")) != text:
                cursor.execute(f"USE {name.partition('.')[0]}")
                cursor.execute(text)
        contents = self._contents(cursor, list(self._made.rows))
        for name in self._made.rows:
            if contents.rows[name] != self._made.rows[name]:
                cursor.execute(f"TRUNCATE TABLE {name}")
                cursor.execute(f"INSERT INTO {name} SELECT * FROM {self.kept}.{name.partition('.')[2]}")
        return self._contents(cursor, list(self._made.rows)) == self._made

    def _contents(self, cursor: Cursor, filled: list[str] | None = None) -> Made:
        """What is there, and the checksums of some tables, or else of all with rows."""
        found = self._definitions(cursor)
        if filled is None:
            filled = [name for name, text in found.items() if is_table(text) and has_rows(cursor, name)]
        checksums = rows(cursor, f"CHECKSUM TABLE {', '.join(filled)}")
        return Made(
            {name: without_ids(text) for name, text in found.items()},
            {name: str(checksum) for name, (_, checksum) in zip(filled, checksums, strict=True)},
        )

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


def not_tables(definitions: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in definitions.items() if not is_table(text)}


def without_ids(definition: str) -> str:
    return NEXT_ID.sub("", definition)
