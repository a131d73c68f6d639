"""docs/lake.md names every column of every file, and the cells of docs/lake.ipynb run."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.conftest import TestHub

DOCS = Path(__file__).parents[2] / "docs"
TYPES = {"text": pa.string(), "integer": pa.int64(), "number": pa.float64()}
SECTION = re.compile(r"^### (\w+)\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| (`\w+`(?:, `\w+`)*) \| (text|integer|number) \|", re.MULTILINE)
LISTED = re.compile(r"^\| (?:`(\w+)`)? ?\| `(\w+)` \|", re.MULTILINE)


def documented() -> dict[str, dict[str, pa.DataType]]:
    """Table, column and type, as the document says."""
    found: dict[str, dict[str, pa.DataType]] = {}
    for name, text in SECTION.findall((DOCS / "lake.md").read_text(encoding="utf-8")):
        if name == "Lists":
            table = ""
            for named, column in LISTED.findall(text):
                table = named or table
                found.setdefault(table, {})[column] = TYPES["integer" if column == "class" else "text"]
        else:
            rows = ROW.findall(text)
            found[name] = {column.strip("`"): TYPES[kind] for columns, kind in rows for column in columns.split(", ")}
    return found


@pytest.fixture
def lake(filled: TestHub, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(filled.root)
    assert filled.run("lake", "export", "lake") == 0
    return filled.root / "lake"


def test_every_column_is_documented(lake: Path, filled: TestHub) -> None:
    assert filled.run("lake", "summarize", "lake", "--months", "2024-02", "--workers", "1") == 0
    found: dict[str, dict[str, pa.DataType]] = {}
    for path in lake.rglob("*.parquet"):
        schema = pq.read_schema(path)
        table = path.relative_to(lake).parts[0].removesuffix(".parquet")
        columns = {field.name: pa.int64() if field.type == pa.int32() else field.type for field in schema}
        assert found.setdefault(table, columns) == columns, path
    assert found == documented()


def test_the_notebook_runs(lake: Path) -> None:
    notebook = json.loads((DOCS / "lake.ipynb").read_text(encoding="utf-8"))
    names: dict[str, Any] = {}
    ran = 0
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
            ran += 1
    assert ran == 5 and names["sessions"].count("*").fetchall() == [(9,)]
