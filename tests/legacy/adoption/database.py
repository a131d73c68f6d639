"""Loads an old metrics database and looks at it, value by value."""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pymysql
from pymysql.cursors import Cursor

from tests.conftest import TestHub
from tests.mariadb_server import SOCKET

CASES = Path(__file__).parent
LAYOUTS = ("legacy-package", "legacy-live", "reference-head")
TARGET: dict[str, Any] = json.loads((CASES / "target.json").read_text(encoding="utf-8"))

Rows = dict[str, Counter[tuple[str | None, ...]]]


@dataclass
class OldDatabase:
    """The metrics database of a hub, as some older software left it."""

    hub: TestHub
    layout: str

    @cached_property
    def case(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((CASES / self.layout / "adoption.json").read_text(encoding="utf-8"))
        return found

    @property
    def name(self) -> str:
        return str(self.hub.settings.db.metrics_db)  # type: ignore[union-attr]

    @cached_property
    def cursor(self) -> Cursor:
        connection = pymysql.connect(unix_socket=os.environ[SOCKET], user="root", charset="utf8mb4", autocommit=True)
        return connection.cursor()

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        self.cursor.execute(statement)
        return list(self.cursor.fetchall())

    def load(self) -> None:
        """Put the layout's tables and rows in the place of whatever is there."""
        self.drop()
        self.sql(f"CREATE DATABASE {self.name} DEFAULT CHARACTER SET {self.case.get('db_charset', 'latin1')}")
        self.sql(f"USE {self.name}")
        self.sql("SET SESSION sql_mode = ''")
        if self.case.get("head"):
            for statement in tables_of_head():
                self.sql(statement)
        dump = gzip.decompress((CASES / self.layout / "metrics.sql.gz").read_bytes()).decode("utf-8")
        for statement in dump.split(";\n"):
            if statement.strip():
                self.sql(statement)
        self.sql("SET SESSION sql_mode = ''")
        self.hub.store.close()

    def drop(self) -> None:
        self.sql(f"DROP DATABASE IF EXISTS {self.name}")

    def columns(self) -> dict[str, dict[str, tuple[str, int | None]]]:
        """Type and width in characters of every column of every table, in order."""
        found: dict[str, dict[str, tuple[str, int | None]]] = {}
        for table, column, kind, width in self.sql(
            "SELECT c.table_name, c.column_name, c.column_type, c.character_maximum_length "
            "FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name) "
            f"WHERE c.table_schema = '{self.name}' AND t.table_type = 'BASE TABLE' ORDER BY 1, c.ordinal_position"
        ):
            found.setdefault(table, {})[column] = (kind, width)
        return found

    def schema(self) -> list[list[tuple[Any, ...]]]:
        """Everything that defines the tables, to compare."""
        return [
            self.sql(
                "SELECT table_name, column_name, column_type, is_nullable, column_default, extra, collation_name "
                f"FROM information_schema.columns WHERE table_schema = '{self.name}' ORDER BY 1, ordinal_position"
            ),
            self.sql(
                "SELECT table_name, index_name, seq_in_index, column_name, non_unique, sub_part "
                f"FROM information_schema.statistics WHERE table_schema = '{self.name}' ORDER BY 1, 2, 3"
            ),
            self.sql(f"SELECT * FROM information_schema.views WHERE table_schema = '{self.name}'"),
        ]

    def engines(self) -> dict[str, str]:
        return dict(
            self.sql(f"SELECT table_name, engine FROM information_schema.tables WHERE table_schema = '{self.name}'")  # type: ignore[arg-type]
        )

    def next_ids(self) -> dict[str, int]:
        return dict(
            self.sql(
                "SELECT table_name, auto_increment FROM information_schema.tables "
                f"WHERE table_schema = '{self.name}' AND auto_increment IS NOT NULL"
            )  # type: ignore[arg-type]
        )

    def indexes(self, table: str) -> dict[str, tuple[list[str], bool]]:
        """Columns of each index of a table, and whether it is unique."""
        found: dict[str, tuple[list[str], bool]] = {}
        for name, column, plain in self.sql(
            "SELECT index_name, column_name, non_unique FROM information_schema.statistics "
            f"WHERE table_schema = '{self.name}' AND table_name = '{table}' ORDER BY index_name, seq_in_index"
        ):
            found.setdefault(name, ([], not plain))[0].append(column)
        return found

    def rows(self, names: dict[str, list[str]] | None = None) -> Rows:
        """All rows of all tables, byte by byte; of `names` only the tables and columns given."""
        wanted = names or {table: list(columns) for table, columns in self.columns().items()}
        return {
            table: Counter(
                self.sql(f"SELECT {', '.join(f'HEX(CAST(`{c}` AS BINARY))' for c in columns)} FROM `{table}`")
            )
            for table, columns in wanted.items()
        }

    def answers(self) -> dict[str, list[tuple[Any, ...]]]:
        """What the CMS's pages get to see."""
        have = self.columns()
        return {
            query["name"]: self.sql(query["sql"].replace("{db}", self.name))
            for query in TARGET["cms"]
            if all(table in have for table in query["tables"])
        }


def tables_of_head() -> list[str]:
    """CREATE TABLE statements of the layout that the reference ends with."""
    lines = (CASES / "reference-head/schema.tsv").read_text(encoding="utf-8").splitlines()[1:]
    options: dict[str, str] = {}
    parts: dict[str, list[str]] = {}
    keys: dict[str, dict[str, dict[int, str]]] = {}
    for table, column, kind, nullable, default, memberships in (line.split("\t") for line in lines):
        if column == "*":
            options[table] = kind
            continue
        null = "NULL" if nullable == "YES" else "NOT NULL"
        value = default if default == "AUTO_INCREMENT" else f"DEFAULT {default}" if default else ""
        parts.setdefault(table, []).append(f"`{column}` {kind} {null} {value}")
        for membership in filter(None, memberships.split("; ")):
            name, _, rest = membership.rstrip(")").partition("(")
            place, _, prefix = rest.partition(",")
            members = keys.setdefault(table, {}).setdefault(name, {})
            members[int(place)] = f"`{column}`" + (f"({prefix})" if prefix else "")
    statements = []
    for table, columns in parts.items():
        lines = list(columns)
        for name, members in keys.get(table, {}).items():
            unique, _, plain = name.rpartition(" ")
            head = "PRIMARY KEY" if name == "PRIMARY" else f"{unique} KEY `{plain}`"
            lines.append(f"{head} ({', '.join(members[place] for place in sorted(members))})")
        statements.append(f"CREATE TABLE `{table}` ({', '.join(lines)}) {options[table]}")
    return statements
