"""Sums of floating-point numbers name their order, else the last digits depend on threads (spec 40 §4, spec 50 §11)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from tests.engine.declared import MODELS, declared, prepared, provide

SUMS = ("sum", "avg", "mean", "fsum", "favg")
EXACT = "sum_no_overflow"
"""A sum that does not accept floating-point numbers."""


def nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """The objects in a syntax tree."""
    if isinstance(tree, dict):
        yield tree
    for part in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from nodes(part)


def with_exact_sums(sql: str) -> str | None:
    """A query whose sums without an order are exact, or refused; None if there are none."""
    parser = duckdb.connect()
    tree = json.loads(parser.execute("SELECT json_serialize_sql(?)", [sql]).fetchall()[0][0])
    assert not tree["error"], tree
    found = [
        node
        for node in nodes(tree)
        if node.get("function_name") in SUMS and not (node.get("orders") or (node.get("order_bys") or {}).get("orders"))
    ]
    for node in found:
        node["function_name"] = EXACT
        node["qualified_name"] = {"path": [EXACT]}
    text: str = parser.execute("SELECT json_deserialize_sql(?)", [json.dumps(tree)]).fetchall()[0][0]
    return text if found else None


def test_the_check_tells_numbers_apart() -> None:
    for kind, order, is_fit in (("DOUBLE", "", False), ("DOUBLE", " ORDER BY n", True), ("HUGEINT", "", True)):
        query = with_exact_sums(f"SELECT sum(n::{kind}{order}) AS total FROM (VALUES (1)) AS t(n)")
        if is_fit:
            assert query is None or duckdb.sql(query).fetchall() == [(1,)]
        else:
            assert query
            with pytest.raises(duckdb.BinderException):
                duckdb.sql(query)


@pytest.mark.slow
@pytest.mark.parametrize(("package", "name"), MODELS)
def test_a_model_adds_floating_point_numbers_in_an_order(package: str, name: str) -> None:
    tested = declared(package, name)
    query = with_exact_sums(tested.sql)
    if query is None:
        return
    with prepared(package) as engine:
        provide(engine, tested, {})
        engine.build(name)
        engine.connection.sql(query)  # is refused if a floating-point number is added
