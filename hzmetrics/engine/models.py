"""Models: named sets of rows, each defined by one SELECT, and what they declare about themselves.

A package keeps its models in `models/NAME.sql`. Each file begins with a header of SQL comments:

    -- The sessions of the windows.
    --
    -- grain: a session
    -- reads: websessions, downloads, windows
    -- corrections: window-start
    -- stored: table
    -- columns:
    --   ip        VARCHAR  folded address
    --   duration  BIGINT   s, from first to last request

Optional are `variables:` (what it reads with `getvariable`, with its type unless it is a text), `corrections:` (those
that its SQL asks for, or its macros do) and `stored:` (without it, the model is a view).

What a model reads is a model or an *input*: a relation that Python registers. `models/inputs.sql` declares a package's
inputs as tables, one column a line with its meaning. `models/macros.sql` holds the macros that its models share: as
`CREATE TEMP MACRO` if they read relations, which its header then names, and otherwise as `CREATE MACRO`, made once a
process.

A test compares every declaration with what the engine makes of the SQL.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

from hzmetrics.errors import HzmetricsError

KEYS = ("grain", "reads", "variables", "corrections", "stored", "columns")
"""The lines of a header, in their order."""

REQUIRED = ("grain", "reads", "columns")

STORED = ("table", "arrow")
"""How the rows of a model are kept: as a table of the engine, or as Arrow data, cheaper where they are read once or
twice. The rows of other models are computed wherever they are read."""

INPUTS, MACROS = "inputs", "macros"
"""Files in `models/` that are not models."""

_AS_ARROW = {"HUGEINT": "DECIMAL(38,0)", "UUID": "VARCHAR"}
"""Types that Arrow does not have, and what becomes of them on the way through it."""

_KEY = re.compile(r"-- ([a-z]+):(?: +(.*))?")
_COLUMN = re.compile(r"--   (?! )(\S+) {2,}(\S.*?) {2,}(\S.*)")
_CONTINUED = re.compile(r"-- {3,}(\S.*)")
_TABLE = re.compile(r"CREATE TABLE (\w+) \(")
_INPUT_COLUMN = re.compile(r'    "?(\w+)"? +(\S.*?),? +-- (\S.*)')


class ModelError(HzmetricsError):
    """A model, or what it is given to read, is not as declared."""


@dataclass(frozen=True)
class Column:
    """One column of a relation."""

    name: str
    type: str
    """As the engine calls it. `STRUCT(...)` stands for any struct."""
    meaning: str

    def __str__(self) -> str:
        return f"{self.name} {self.type}"

    def is_struct(self) -> bool:
        """Whether it holds structures."""
        return self.type == "STRUCT(...)"

    def has_type(self, found: str) -> bool:
        """Whether a type of the engine is the declared one."""
        if self.is_struct():
            return found.startswith("STRUCT(")
        return found in (self.type, _AS_ARROW.get(self.type))


@dataclass(frozen=True)
class Relation:
    """A named set of rows."""

    name: str
    summary: str
    columns: tuple[Column, ...]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.columns))})"


@dataclass(frozen=True)
class Model(Relation):
    """A relation defined by a SELECT."""

    package: str
    grain: str
    reads: tuple[str, ...]
    variables: Mapping[str, str]
    """Names and types."""
    corrections: tuple[str, ...]
    stored: str
    """One of `STORED`, or empty for a view."""
    sql: str


@dataclass(frozen=True)
class Macros:
    """The macros of a package."""

    reads: tuple[str, ...]
    sql: str


class Library:
    """The models and inputs of some packages. A model of one of them can be an input of another."""

    def __init__(self, *packages: str) -> None:
        self.packages = packages

    @cached_property
    def macros(self) -> Mapping[str, Macros]:
        """The macros by package."""
        return {package: macros(package) for package in self.packages}

    def relation(self, name: str) -> Relation:
        """The model or input of a name. Raises ModelError."""
        found = [model(package, name) or inputs(package).get(name) for package in self.packages]
        for relation in sorted(filter(None, found), key=lambda relation: not isinstance(relation, Model)):
            return relation
        raise ModelError(f"{', '.join(self.packages)}: no model and no input is named {name}")


@cache
def model(package: str, name: str) -> Model | None:
    """A model of a package, if there is one of that name. Raises ModelError."""
    text = None if name in (INPUTS, MACROS) else _read(package, name)
    return None if text is None else parse_model(package, name, text)


@cache
def inputs(package: str) -> Mapping[str, Relation]:
    """The inputs of a package by name. Raises ModelError."""
    return {one.name: one for one in parse_inputs(_where(package, INPUTS), _read(package, INPUTS) or "")}


@cache
def macros(package: str) -> Macros:
    """The macros of a package. Raises ModelError."""
    text = _read(package, MACROS)
    lines = dict(_header(_where(package, MACROS), text)[1]) if text else {}
    return Macros(_names(lines.get("reads", "")), text or "")


def names(package: str) -> list[str]:
    """The names of a package's models."""
    found = (entry.name.removesuffix(".sql") for entry in files(package).joinpath("models").iterdir())
    return sorted(name for name in found if name not in (INPUTS, MACROS))


def parse_model(package: str, name: str, text: str) -> Model:
    """A model from the text of its file. Raises ModelError."""
    where = _where(package, name)
    summary, pairs = _header(where, text)
    lines = dict(pairs)
    if missing := [key for key in REQUIRED if key not in lines]:
        raise ModelError(f"{where}: the header has no line '{missing[0]}:'")
    stored = lines.get("stored", "")
    if stored and stored not in STORED:
        raise ModelError(f"{where}: stored: {stored!r} is none of {', '.join(STORED)}")
    return Model(
        name=name,
        summary=summary,
        columns=tuple(_columns(where, text)),
        package=package,
        grain=lines["grain"],
        reads=_names(lines["reads"]),
        variables=dict(map(_named_type, _names(lines.get("variables", "")))),
        corrections=_names(lines.get("corrections", "")),
        stored=stored,
        sql=text,
    )


def parse_inputs(where: str, text: str) -> Iterator[Relation]:
    """The inputs that a file declares. Raises ModelError."""
    summary: list[str] = []
    name, columns = "", list[Column]()
    for number, line in enumerate(text.splitlines(), 1):
        if name and line == ");":
            yield Relation(name, " ".join(summary), tuple(columns))
            name, columns, summary = "", [], []
        elif name and (column := _INPUT_COLUMN.fullmatch(line)):
            columns.append(Column(*column.groups()))
        elif not name and (table := _TABLE.fullmatch(line)):
            name = table[1]
            if not summary:
                raise ModelError(f"{where}:{number}: say in a comment above what {name} holds")
        elif not name and line.startswith("-- "):
            summary.append(line[3:])
        elif not name and not line:
            summary = []
        else:
            raise ModelError(f"{where}:{number}: expected '    NAME TYPE,  -- MEANING' or ');': {line}")
    if name:
        raise ModelError(f"{where}: table {name} does not end with ');'")


def _header(where: str, text: str) -> tuple[str, list[tuple[str, str]]]:
    """The summary of a header and its lines by key."""
    summary: list[str] = []
    pairs: list[tuple[str, str]] = []
    for number, line in _comments(text):
        key = _KEY.fullmatch(line)
        continued = _CONTINUED.fullmatch(line)
        if key:
            position = _position(f"{where}:{number}", key[1])
            if pairs and position <= KEYS.index(pairs[-1][0]):
                raise ModelError(f"{where}:{number}: '{key[1]}:' must come before '{pairs[-1][0]}:', once")
            pairs.append((key[1], key[2] or ""))
        elif pairs and continued:
            pairs[-1] = (pairs[-1][0], f"{pairs[-1][1]} {continued[1]}".strip())
        elif pairs:
            raise ModelError(f"{where}:{number}: expected one of {', '.join(KEYS)}, or an indented line: {line}")
        else:
            summary.append(line[2:].strip())
    if not any(summary):
        raise ModelError(f"{where}:1: the header does not say what the rows are")
    return "\n".join(summary).strip(), pairs


def _position(where: str, key: str) -> int:
    if key not in KEYS:
        raise ModelError(f"{where}: '{key}:' is none of {', '.join(KEYS)}")
    return KEYS.index(key)


def _columns(where: str, text: str) -> Iterator[Column]:
    """The columns that a header lists, each with the lines that continue its meaning."""
    columns: list[Column] = []
    is_list = False
    for number, line in _comments(text):
        if not is_list:
            is_list = line == "-- columns:"
        elif column := _COLUMN.fullmatch(line):
            columns.append(Column(*column.groups()))
        elif columns and line.startswith("--    ") and (continued := _CONTINUED.fullmatch(line)):
            last = columns.pop()
            columns.append(Column(last.name, last.type, f"{last.meaning} {continued[1]}"))
        else:
            raise ModelError(f"{where}:{number}: expected '--   NAME  TYPE  MEANING', two blanks apart: {line}")
    if not columns:
        raise ModelError(f"{where}: the header lists no columns")
    yield from columns


def _comments(text: str) -> Iterator[tuple[int, str]]:
    """The numbered lines of comment that a text begins with."""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("--"):
            return
        yield number, line


def _names(text: str) -> tuple[str, ...]:
    """The names in a line; none for `nothing`."""
    return () if text in ("", "nothing") else tuple(re.split(r", *", text))


def _named_type(text: str) -> tuple[str, str]:
    """The name and type of a variable."""
    name, _, kind = text.partition(" ")
    return name, kind or "VARCHAR"


def _where(package: str, name: str) -> str:
    return f"{package.replace('.', '/')}/models/{name}.sql"


def _read(package: str, name: str) -> str | None:
    path = files(package).joinpath("models", f"{name}.sql")
    return path.read_text(encoding="utf-8") if path.is_file() else None
