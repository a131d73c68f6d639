"""Data beside the pages: JSON, CSV, and scripts that hand a value to the pages (they work without a web server)."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hzmetrics.output.document import document
from hzmetrics.output.sheet import Sheet

if TYPE_CHECKING:
    import pyarrow as pa


def as_json(value: Any) -> bytes:
    return f"{document(value)}\n".encode("ascii")


def as_script(name: str, value: Any) -> bytes:
    """A classic script that gives `value` to whoever waits for `name`."""
    return as_script_of(name, document(value))


def as_script_of(name: str, text: str) -> bytes:
    """The same for a value that is JSON already."""
    return f"hzmetrics.give({document(name)}, {text});\n".encode("ascii")


def as_csv(columns: Sequence[str], rows: Iterable[Iterable[Any]]) -> bytes:
    """A table of rows; no text in it is a formula to a spreadsheet."""
    text = io.StringIO()
    Sheet(columns, file=text).write(rows)
    return text.getvalue().encode("utf-8", "replace")


def members(values: Mapping[str, str]) -> str:
    """A JSON object of values that are JSON already."""
    return "{" + ", ".join(f"{document(name)}: {text}" for name, text in values.items()) + "}"


def arrays(lists: pa.ListArray) -> list[str]:
    """Lists of numbers, or of texts without quotes, each as a JSON array."""
    import pyarrow as pa
    import pyarrow.compute as pc

    flat = lists.flatten()
    texts = pc.binary_join_element_wise('"', flat, '"', "") if pa.types.is_string(flat.type) else flat.cast(pa.string())
    joined = pc.binary_join(pa.ListArray.from_arrays(lists.offsets, pc.fill_null(texts, "null")), ", ")
    return [f"[{text}]" for text in joined.to_pylist()]


def columns_as_csv(table: pa.Table) -> bytes:
    """A table of columns, with numbers and such texts only as are made here: months, names of figures."""
    from hzmetrics.output.columnar import write_csv

    file = io.BytesIO()
    write_csv(table.schema, table.to_batches(), file)
    return file.getvalue()
