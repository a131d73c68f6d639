"""What the engine makes of a model's SQL, to compare with what the model declares."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

import hzmetrics
from docs.generate import packages
from hzmetrics.courses.record import canonical
from hzmetrics.engine import Engine, Value
from hzmetrics.engine.models import Column, Library, Model, Relation, inputs, macros, model, names
from hzmetrics.ingest import filters
from hzmetrics.ingest.log_file import ANY_DAY
from hzmetrics.logs import grammar
from hzmetrics.logs.escapes import of_codes, unescape
from hzmetrics.logs.formats import AUTO
from hzmetrics.logs.requests import variables
from hzmetrics.logs.settings import ALL_TIMES, LogSettings
from hzmetrics.logs.zones import offset
from hzmetrics.publish.figures.names import browser_of, page_of, system_of

HOME = Path(hzmetrics.__file__).parent

PACKAGES = packages()

READ_BY_SETTINGS = {"plain_lines", "recognized"}
"""Inputs that only queries of other inputs read."""

VARIABLES: dict[str, Value] = {
    **variables(LogSettings(format=AUTO)),
    **grammar.AUTH,
    **filters.EXPRESSIONS,
    "excluded_urls": [],
    **ANY_DAY,
    "last_local": "",
    "is_second": False,
    "earliest_time": str(ALL_TIMES[0]),
    "latest_time": str(ALL_TIMES[1]),
    "pseudonym_key": "",
    "first_address": 0,
    "last_address": 2**64 - 1,
    "year": "2025",
    "first_month": "2026-10",
    "last_month": "2026-10",
    "min_users": 5,
}

MODELS = [(package, name) for package in PACKAGES for name in names(package)]


def declared(package: str, name: str) -> Model:
    """A model as its header declares it."""
    found = model(package, name)
    assert found is not None
    return found


def relation(package: str, name: str) -> Relation:
    """What a model of the package reads under a name: one of its own models or inputs."""
    return Library(package).relation(name)


@dataclass
class Used:
    """What a query uses."""

    relations: set[str] = field(default_factory=set)
    variables: set[str] = field(default_factory=set)
    corrections: set[str] = field(default_factory=set)


def macro_definitions(engine: Engine) -> dict[str, str]:
    """The expressions of the macros that were defined, by name in lower case."""
    query = """
        SELECT lower(function_name), macro_definition FROM duckdb_functions()
        WHERE NOT internal AND macro_definition <> ''
    """
    return dict(engine.connection.execute(query).fetchall())


def used(engine: Engine, sql: str) -> Used:
    """What a query uses, itself and by its macros."""
    found, expressions = Used(), macro_definitions(engine)
    pending, seen = [sql], set[str]()
    while pending:
        for node in _nodes(_tree(engine, pending.pop())):
            if node.get("type") == "BASE_TABLE":
                found.relations.add(node["table_name"])
            if node.get("class") != "FUNCTION":
                continue
            name = node["function_name"].lower()
            if name == "getvariable":
                found.variables.add(_text(node))
            elif name == "corrected":
                found.corrections.add(_text(node))
            elif name in expressions and name not in seen:
                seen.add(name)
                pending.append(f"SELECT {expressions[name]}")
    return found


def _tree(engine: Engine, sql: str) -> dict[str, Any]:
    """The parsed query, without references to its own common table expressions."""
    ((text,),) = engine.connection.execute("SELECT json_serialize_sql(?)", [sql]).fetchall()
    tree: dict[str, Any] = json.loads(text)
    assert not tree["error"], f"{tree['error_message']}: {sql}"
    ctes = {entry["key"] for node in _nodes(tree) for entry in node.get("cte_map", {}).get("map", ())}
    for node in _nodes(tree):
        if node.get("type") == "BASE_TABLE" and node["table_name"] in ctes:
            node["type"] = "CTE"
    return tree


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
    for branch in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from _nodes(branch)


def _text(call: Mapping[str, Any]) -> str:
    """The argument of a function that takes one text."""
    text: str = call["arguments"][0]["expression"]["literal"]["text"]
    return text


def rows(engine: Engine, relation: Relation, records: Sequence[Mapping[str, Any]] = ()) -> pa.Table:
    """Rows with the columns of a relation; what a record leaves out is NULL."""
    select = ", ".join(f'CAST(? AS {column.type}) AS "{column.name}"' for column in relation.columns)
    tables = [
        engine.connection.sql(f"SELECT {select}", params=[record.get(column.name) for column in relation.columns])
        for record in records or [{}]
    ]
    return pa.concat_tables(table.to_arrow_table() for table in tables).slice(0, len(records))


def prepared(package: str) -> Engine:
    """An engine for the models of a package, with the variables and functions that logs and imports give them."""
    engine = Engine(package)
    engine.function("unescape", unescape)
    engine.function("canonical", canonical)
    engine.function("of_codes", of_codes)
    engine.function("zone_offset", offset)
    for function in (page_of, browser_of, system_of):
        engine.function(function.__name__, function)
    for name, value in VARIABLES.items():
        engine.set_variable(name, value)
    return engine


def provide(engine: Engine, tested: Model, given: Mapping[str, pa.Table]) -> None:
    """Register what a model reads: `given` relations, and the others without rows.

    Models between the given relations and the tested one are computed, and so are those with structures as columns.
    """
    for name in {*macros(tested.package).reads, *tested.reads}:
        read = relation(tested.package, name)
        if name in given:
            engine.register(name, given[name])
        elif isinstance(read, Model) and (given.keys() & upstream(read) or any(map(Column.is_struct, read.columns))):
            provide(engine, read, given)
        else:
            engine.register(name, rows(engine, read))


def upstream(model: Model) -> set[str]:
    """What a model reads, directly and by way of other models of its package."""
    found = {*macros(model.package).reads, *model.reads}
    for name in model.reads:
        read = relation(model.package, name)
        found |= upstream(read) if isinstance(read, Model) else set()
    return found


def input_names() -> list[tuple[str, str]]:
    """Every input, by package."""
    return [(package, name) for package in PACKAGES for name in inputs(package)]
