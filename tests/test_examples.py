"""Every model has examples: rows of the relations it reads, and the rows that it yields then.

`tests/PACKAGE/examples/MODEL.yaml` is a list of them:

    - shows: what there is to see
      corrections: [window-start]       those in force; optional
      variables: {reads_ipv6: true}     optional; otherwise those of the program
      reads:
        logins:
          - [who,   ip,        depth]   the columns' names; those left out are NULL
          - [ALICE, 192.0.2.1, 2    ]
      yields:
        - [ip,        who  ]            the columns compared
        - [192.0.2.1, ALICE]

A relation that is left out has no rows. Instead of a model's rows, an example may give rows of what that model reads.
Rows are compared in any order, unless the model orders them.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from hzmetrics.engine.models import Model
from tests.engine.declared import MODELS, PACKAGES, declared, prepared, provide, relation, rows, upstream

HERE = Path(__file__).parent
KEYS = {"shows", "corrections", "variables", "reads", "yields"}


class Loader(yaml.SafeLoader):
    """Only numbers, `true`, `false` and `null` are anything but text: no times, and `NO` is a country."""


Loader.yaml_implicit_resolvers = {
    letter: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag in ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float", "tag:yaml.org,2002:null")
        or (tag == "tag:yaml.org,2002:bool" and letter in "tTfF")
    ]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def path(package: str, name: str) -> Path:
    return HERE.joinpath(*package.split(".")[1:], "examples", f"{name}.yaml")


@pytest.mark.slow
@pytest.mark.parametrize(("package", "name"), MODELS)
def test_examples(package: str, name: str) -> None:
    assert path(package, name).exists(), (
        f"model {name} has no example: write {path(package, name).relative_to(HERE.parent)}"
    )
    examples = yaml.load(path(package, name).read_text(encoding="utf-8"), Loader)
    assert examples
    for example in examples:
        assert {"shows", "yields"} <= set(example) <= KEYS
        names, *expected = plain(example["yields"])
        found = [[row[column] for column in names] for row in computed(declared(package, name), example)]
        if "\nORDER BY" not in declared(package, name).sql:
            found, expected = sorted(found, key=repr), sorted(expected, key=repr)
        assert found == expected, example["shows"]


def computed(model: Model, example: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows that a model yields of an example's rows."""
    with prepared(model.package) as engine:
        engine.set_variable("corrections", example.get("corrections", []))
        for name, value in example.get("variables", {}).items():
            engine.set_variable(name, value)
        given = {}
        for name, (columns, *records) in example.get("reads", {}).items():
            assert name in upstream(model), f"the model does not read {name}"
            read = relation(model.package, name)
            assert set(columns) <= {column.name for column in read.columns}, f"{name} has no such column"
            given[name] = rows(engine, read, [dict(zip(columns, record, strict=True)) for record in records])
        provide(engine, model, given)
        return [{column: plain(value) for column, value in row.items()} for row in engine.table(model.name).to_pylist()]


def plain(value: Any) -> Any:
    """A value as YAML has it."""
    if isinstance(value, list):
        return [plain(part) for part in value]
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, dt.date):
        return str(value)
    if isinstance(value, float | Decimal):
        return int(value) if value == int(value) else float(value)
    return value


def test_every_example_is_of_a_model() -> None:
    written = {file for package in PACKAGES for file in path(package, "").parent.glob("*")}
    assert written == {path(package, name) for package, name in MODELS}
