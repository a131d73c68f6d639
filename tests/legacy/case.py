"""A recorded case, its tables in and out of files, and how stored rows are compared with expected ones.

    case.json                     title, steps, compare; env and exit where they are not the default
    input/<side>/<table>.tsv      rows to begin with, `side` is hub or metrics
    logs/                         files that steps name as {logs}/NAME
    expected/<side>/<table>.tsv   what a table must hold afterwards

Fields of a table are separated by tabs; \\N is NULL, and tab, line ends and backslash are escaped.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

HERE = Path(__file__).parent
REFERENCE = HERE / "reference"
SIDES = ("hub", "metrics")

_ESCAPES = {"\\t": "\t", "\\n": "\n", "\\r": "\r", "\\\\": "\\"}
_ESCAPE = re.compile(r"\\[tnr\\]")
_DAY = re.compile(r"'(\d{4}-\d\d-\d\d)'")


@dataclass(frozen=True)
class Rule:
    """How a table is compared: which columns, which rows, and by which columns both sides are sorted."""

    columns: tuple[str, ...] | None = None
    drop: tuple[str, ...] = ()
    order: tuple[str, ...] | None = None
    where: str = ""


class Case:
    """One folder of `cases/`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def _said(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads((self.folder / "case.json").read_text(encoding="utf-8"))
        return said

    @property
    def steps(self) -> list[list[str]]:
        return self._said["steps"]

    @property
    def exits(self) -> list[int]:
        """The exit code of each step."""
        return self._said.get("exit") or [0] * len(self.steps)

    @property
    def environment(self) -> dict[str, str]:
        return self._said.get("env", {})

    @property
    def rules(self) -> dict[tuple[str, str], Rule]:
        """(side, table) to its rule."""
        rules = {}
        for name, rule in self._said["compare"].items():
            side, table = name.split(".")
            lists = {key: tuple(rule[key]) for key in ("columns", "drop", "order") if key in rule}
            rules[side, table] = Rule(**lists, where=rule.get("where", ""))
        return rules

    def inputs(self, side: str) -> dict[str, Path]:
        """Table to the file of its first rows; reference tables have theirs unless the case says otherwise."""
        files = {path.stem: path for path in sorted((REFERENCE / side).glob("*.tsv"))}
        return files | {path.stem: path for path in sorted((self.folder / "input" / side).glob("*.tsv"))}

    def expected(self, side: str, table: str) -> list[str]:
        """The lines of the expected table, column names first."""
        return (self.folder / "expected" / side / f"{table}.tsv").read_text(encoding="utf-8").split("\n")[:-1]


def all_cases() -> list[Case]:
    return [Case(path.parent) for path in sorted((HERE / "cases").glob("*/case.json"))]


def read(path: Path) -> pa.Table:
    """The rows of a file, every column as text."""
    header, *lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    rows = [[_decoded(field) for field in line.split("\t")] for line in lines]
    names = header.split("\t")
    return pa.table({name: pa.array([row[i] for row in rows], pa.string()) for i, name in enumerate(names)})


def stored(connection: sa.Connection, table: str, rule: Rule) -> list[str]:
    """The lines a table makes under a rule, column names first."""
    names = rule.columns or tuple(column["name"] for column in sa.inspect(connection).get_columns(table))
    names = tuple(name for name in names if name not in rule.drop)
    quote = connection.dialect.identifier_preparer.quote
    query = f"SELECT {', '.join(quote(name) for name in names)} FROM {quote(table)}"
    if rule.where:
        # a day alone means its midnight: MariaDB knows that, SQLite compares text
        query += " WHERE " + _DAY.sub(r"'\1 00:00:00'", rule.where)
    lines = [[_encoded(value) for value in row] for row in connection.exec_driver_sql(query)]
    order = [names.index(name) for name in rule.order or names]
    lines.sort(key=lambda fields: ([fields[i] for i in order], "\t".join(fields)))
    return ["\t".join(fields) for fields in (list(names), *lines)]


def _decoded(field: str) -> str | None:
    return None if field == "\\N" else _ESCAPE.sub(lambda match: _ESCAPES[match[0]], field)


def _encoded(value: object) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    text = repr(round(value, 6)) if isinstance(value, float) else str(value)
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
