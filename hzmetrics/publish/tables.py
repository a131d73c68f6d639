"""The rows of tables as HTML. Pages have millions of cells in them: they are made in columns, not by the templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from hzmetrics.publish.numbers import month_name, shown

if TYPE_CHECKING:
    import pyarrow as pa

Values = Sequence[float | str | None]


def body(labels: Sequence[str], columns: Sequence[Values], unit: str, marks: Mapping[int, str] | None = None) -> Markup:
    """The rows of a table; `marks`: what is to be said of some rows, by place."""
    heads = [f"<tr>{_head(label)}" for label in labels]
    for place, mark in (marks or {}).items():
        text = escape(mark)
        heads[place] = f'<tr class="{text}">{_head(labels[place], f" <small>({text})</small>")}'
    cells = [[_cell(value, unit) for value in column] for column in columns]
    return Markup("\n".join(map("".join, zip(heads, *cells, strict=True))))


def bodies(months: pa.Array, columns: Sequence[pa.Array], unit: str, begins: pa.Array) -> list[Markup]:
    """The rows of many tables of months, one below the other; `begins`: where each begins, and where the last ends."""
    import pyarrow as pa
    import pyarrow.compute as pc

    heads = _each(months, lambda month: f"<tr>{_head(month_name(month))}")
    cells = [_each(column, lambda value: _cell(value, unit)) for column in columns]
    rows = pa.ListArray.from_arrays(begins, pc.binary_join_element_wise(heads, *cells, ""))
    return list(map(Markup, pc.binary_join(rows, "\n").to_pylist()))


def _each(values: pa.Array, html: Any) -> pa.Array:
    """The HTML of each value, made once for those that are the same."""
    import pyarrow as pa

    coded = values.dictionary_encode("encode")
    return pa.array(map(html, coded.dictionary.to_pylist()), pa.string()).take(coded.indices)


def cell(value: float | str | None, unit: str) -> Markup:
    """A cell of a table. `data-v` is the number, where the text is not that number itself."""
    return Markup(_cell(value, unit))


@lru_cache(10_000)
def _head(label: str, mark: str = "") -> str:
    return f'<th scope="row">{escape(label)}{mark}</th>'


@lru_cache(100_000)
def _cell(value: float | str | None, unit: str) -> str:
    text = escape(shown(value, unit))
    return f"<td>{text}</td>" if value is None or str(value) == text else f'<td data-v="{escape(value)}">{text}</td>'
