"""Data beside the pages: JSON, CSV, and scripts that hand a value to the pages (they work without a web server)."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

from hzmetrics.output.document import document
from hzmetrics.output.sheet import Sheet


def as_json(value: Any) -> bytes:
    return f"{document(value)}\n".encode("ascii")


def as_script(name: str, value: Any) -> bytes:
    """A classic script that gives `value` to whoever waits for `name`."""
    return f"hzmetrics.give({document(name)}, {document(value)});\n".encode("ascii")


def as_csv(columns: Sequence[str], rows: Iterable[Iterable[Any]]) -> bytes:
    """A table; no text in it is a formula to a spreadsheet."""
    text = io.StringIO()
    Sheet(columns, file=text).write(rows)
    return text.getvalue().encode("utf-8", "replace")
