"""What the engine makes of a model's SQL, to compare with what the model declares."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

import hzmetrics
from docs.generate import packages
from hzmetrics.engine import Engine
from hzmetrics.engine.models import Library, Model, Relation, inputs, macros, model, names

HOME = Path(hzmetrics.__file__).parent

PACKAGES = packages()

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


def rows(engine: Engine, columns: Mapping[str, str], records: list[dict[str, Any]] | None = None) -> pa.Table:
    """A relation with the columns of a declaration, by name and type, and some rows; what a row leaves out is NULL."""
    select = ", ".join(f'CAST(? AS {kind}) AS "{name}"' for name, kind in columns.items())
    tables = [
        engine.connection.sql(f"SELECT {select}", params=[record.get(name) for name in columns]).to_arrow_table()
        for record in records or [{}]
    ]
    return pa.concat_tables(tables).slice(0, None if records else 0)


def register(engine: Engine, relation: Relation, records: list[dict[str, Any]] | None = None) -> None:
    """Make a relation with some rows known to an engine."""
    engine.register(relation.name, rows(engine, {column.name: column.type for column in relation.columns}, records))


def ready(engine: Engine, tested: Model) -> None:
    """Register what a model reads, without rows; its variables are NULL."""
    for name in {*macros(tested.package).reads, *tested.reads}:
        register(engine, relation(tested.package, name))
    for name, kind in tested.variables.items():
        engine.connection.execute(f"SET VARIABLE {name} = CAST(NULL AS {kind})")


def input_names() -> list[tuple[str, str]]:
    """Every input, by package."""
    return [(package, name) for package in PACKAGES for name in inputs(package)]
