"""Text from data reaches terminals, JSON and CSV in one way only: through `hzmetrics.output`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "hzmetrics"
OUTPUT = PACKAGE / "output"

MODULES = {"rich", "csv"}
"""Modules that only `output` imports."""

CALLS = {
    "print", "pprint", "click.echo", "click.secho", "click.style", "click.echo_via_pager", "click.confirm",
    "click.prompt", "click.progressbar", "json.dump", "json.dumps", "json.JSONEncoder", "sys.stdout.write",
    "sys.stderr.write", "sys.stdout.writelines", "sys.stderr.writelines", "sys.stdout.buffer", "sys.stderr.buffer",
    "sys.__stdout__", "sys.__stderr__", "traceback.print_exc", "traceback.print_exception", "warnings.warn",
}  # fmt: skip
"""Names that only `output` uses."""


def offences(source: str) -> Iterator[str]:
    """Where a module prints or writes in another way."""
    names: dict[str, str] = {}
    tree = ast.parse(source)
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=modules):
                imported = [(alias.name, alias.asname or alias.name) for alias in modules]
            case ast.ImportFrom(module=str(module), names=aliases, level=0):
                imported = [(f"{module}.{alias.name}", alias.asname or alias.name) for alias in aliases]
            case _:
                continue
        for full, name in imported:
            names[name] = full
            if full.partition(".")[0] in MODULES:
                yield f"line {node.lineno}: import of {full}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute) and _full(node, names) in CALLS:
            yield f"line {node.lineno}: {_full(node, names)}"


def _full(node: ast.expr, names: dict[str, str]) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_full(node.value, names)}.{node.attr}"
    return names.get(node.id, node.id) if isinstance(node, ast.Name) else ""


@pytest.mark.slow
def test_no_other_module_prints_or_writes_json_or_csv() -> None:
    found = {
        str(path.relative_to(PACKAGE)): problems
        for path in PACKAGE.rglob("*.py")
        if not path.is_relative_to(OUTPUT) and (problems := list(offences(path.read_text())))
    }
    assert found == {}


@pytest.mark.parametrize(
    "source",
    [
        "from rich.console import Console",
        "import rich.table as tables",
        "def late():\n    from rich.text import Text",
        "import csv",
        "import click\nclick.echo(name)",
        "from click import echo as say\nsay(name)",
        "from json import dumps\ndumps(name)",
        "import json as j\nj.dumps(name)",
        "print(name)",
        "import sys\nsys.stdout.write(name)",
    ],
)
def test_each_other_way_is_found(source: str) -> None:
    assert list(offences(source))


def test_other_names_are_no_offence() -> None:
    assert not list(offences("from pyarrow import csv\nimport json\njson.loads(text)\ncsv.write_csv(rows, path)"))
