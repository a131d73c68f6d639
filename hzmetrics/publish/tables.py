"""The rows of tables as HTML. Pages have millions of cells in them: they are made in columns, not by the templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from hzmetrics.publish.numbers import LENGTHS, NOTHING, month_name, shown

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
    """The rows of many tables of months, whose columns of numbers are one below the other.

    `begins`: where each table begins, and where the last one ends.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    heads = _each(months, lambda month: f"<tr>{_head(month_name(month))}")
    numbers = pa.concat_arrays(columns).dictionary_encode("encode")
    cells = _cells(numbers.dictionary, unit).take(numbers.indices)
    of_columns = [cells.slice(place * len(months), len(months)) for place in range(len(columns))]
    rows = pc.binary_join_element_wise(heads, *of_columns, "")
    return list(map(Markup, pc.binary_join(pa.ListArray.from_arrays(begins, rows), "\n").to_pylist()))


def _cells(numbers: pa.Array, unit: str) -> pa.Array:
    """The same as `cell` gives of each."""
    import pyarrow as pa
    import pyarrow.compute as pc

    size = pc.abs(numbers)
    if unit in LENGTHS:
        tenths = pc.round(pc.divide(size, LENGTHS[unit] / 10), round_mode="half_towards_infinity").cast(pa.int64())
        digit = pc.subtract(tenths, pc.multiply(pc.divide(tenths, 10), 10))
        text = pc.binary_join_element_wise(_grouped(pc.divide(tenths, 10)), digit.cast(pa.string()), ".")
    else:
        text = _grouped(size)
    bare = numbers.cast(pa.string())
    text = pc.binary_join_element_wise(pc.if_else(pc.less(numbers, 0), "-", ""), text, "")
    begin = pc.if_else(pc.equal(bare, text), "<td>", pc.binary_join_element_wise('<td data-v="', bare, '">', ""))
    return pc.fill_null(pc.binary_join_element_wise(begin, text, "</td>", ""), f"<td>{NOTHING}</td>")


def _grouped(numbers: pa.Array) -> pa.Array:
    """Whole numbers from 0 on with separators."""
    import pyarrow as pa
    import pyarrow.compute as pc

    thousands = pc.divide(numbers, 1000)
    rest = pc.utf8_lpad(pc.subtract(numbers, pc.multiply(thousands, 1000)).cast(pa.string()), 3, "0")
    grouped = pc.binary_join_element_wise(_each(thousands, lambda one: f"{one or 0:,}"), rest, ",")
    return pc.if_else(pc.less(numbers, 1000), numbers.cast(pa.string()), grouped)


def _each(values: pa.Array, text: Callable[[Any], str]) -> pa.Array:
    """The text of each value, made once for those that are the same."""
    import pyarrow as pa

    coded = values.dictionary_encode("encode")
    return pa.array(map(text, coded.dictionary.to_pylist()), pa.string()).take(coded.indices)


def cells(values: Values, unit: str) -> str:
    """The cells of a row, as HTML."""
    return "".join([_cell(value, unit) for value in values])


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
