"""Data beside the pages: JSON, CSV, and scripts that hand a value to the pages (they work without a web server)."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hzmetrics.output.document import document
from hzmetrics.output.sheet import Sheet

if TYPE_CHECKING:
    import pyarrow as pa


def as_json(text: str) -> bytes:
    """A file of a value that is JSON already."""
    return f"{text}\n".encode("ascii")


def as_script(name: str, text: str) -> bytes:
    """A classic script that gives a value, which is JSON already, to whoever waits for `name`."""
    return f"hzmetrics.give({document(name)}, {text});\n".encode("ascii")


def as_csv(columns: Sequence[str], rows: Iterable[Iterable[Any]]) -> bytes:
    """A table of rows; no text in it is a formula to a spreadsheet."""
    text = io.StringIO()
    Sheet(columns, file=text).write(rows)
    return text.getvalue().encode("utf-8", "replace")


def members(values: Mapping[str, str]) -> str:
    """A JSON object of values that are JSON already."""
    return "{" + ", ".join(f"{document(name)}: {text}" for name, text in values.items()) + "}"


def arrays(column: pa.Array, begins: pa.Array) -> list[str]:
    """The parts of a column of numbers, or of texts without quotes, each as a JSON array.

    `begins`: where each part begins, and where the last one ends.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = (
        pc.binary_join_element_wise('"', column, '"', "") if pa.types.is_string(column.type) else column.cast("string")
    )
    joined = pc.binary_join(pa.ListArray.from_arrays(begins, pc.fill_null(texts, "null")), ",")
    return [f"[{text}]" for text in joined.to_pylist()]


def columns_as_csv(table: pa.Table) -> bytes:
    """A table of columns, with numbers and such texts only as are made here: months, names of figures."""
    from hzmetrics.output.columnar import write_csv

    file = io.BytesIO()
    write_csv(table.schema, table.to_batches(), file)
    return file.getvalue()
