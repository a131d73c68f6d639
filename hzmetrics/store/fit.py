"""Values made to fit their columns, with the result a lenient server would have stored (spec 70 §1.1).

The pipeline's own connections are strict, so nothing that does not fit is ever sent: one bad value never stops a file.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy.types import TypeEngine

from hzmetrics.store.types import Char, Int, Real, TinyText, Varchar

TINYTEXT_BYTES = 255


def arrow_type(column_type: TypeEngine[object]) -> pa.DataType:
    """The type a column has in relations: 64-bit integers and floats, else text."""
    affinity = column_type._type_affinity.__name__ if column_type._type_affinity else ""
    match affinity:
        case "Integer":
            return pa.int64()
        case "Numeric" | "Float" | "Double":
            return pa.float64()
        case "Boolean":
            return pa.bool_()
        case _:
            return pa.string()


def fit(values: pa.ChunkedArray, column_type: TypeEngine[Any]) -> pa.ChunkedArray:
    """`values` as the column stores them: numbers clamped to its range, text cut to its width."""
    if isinstance(column_type, Int):
        return _clamp(values.cast(pa.int64()), column_type.low, min(column_type.high, 2**63 - 1))
    if isinstance(column_type, Real):
        return _clamp(values.cast(pa.float64()), column_type.low, column_type.high)
    text = _three_bytes(values.cast(pa.string()))
    if isinstance(column_type, Varchar) and column_type.length:
        cut = _cut(text, column_type.length)
        return pc.utf8_rtrim(cut, " ") if isinstance(column_type, Char) else cut
    if isinstance(column_type, TinyText):
        return _cut_bytes(text, TINYTEXT_BYTES)
    return text


def _clamp(values: pa.ChunkedArray, low: float, high: float) -> pa.ChunkedArray:
    least, most = pc.min_max(values).as_py().values()
    if least is None or (low <= least and most <= high):
        return values
    lowest, highest = pa.scalar(low, values.type), pa.scalar(high, values.type)
    return pc.if_else(pc.greater(values, highest), highest, pc.if_else(pc.less(values, lowest), lowest, values))


def _three_bytes(text: pa.ChunkedArray) -> pa.ChunkedArray:
    """Each character beyond U+FFFF becomes four `?`, one a byte, as in a utf8mb3 column."""
    wide = pc.not_equal(pc.binary_length(text), pc.utf8_length(text))
    if not pc.any(wide).as_py():
        return text
    return pc.replace_substring_regex(text, "[\\x{10000}-\\x{10FFFF}]", "????")


def _cut(text: pa.ChunkedArray, limit: int) -> pa.ChunkedArray:
    """Each text up to `limit` characters."""
    longest = pc.max(pc.binary_length(text)).as_py() or 0
    return pc.utf8_slice_codeunits(text, 0, limit) if longest > limit else text


def _cut_bytes(text: pa.ChunkedArray, limit: int) -> pa.ChunkedArray:
    """The longest prefix of whole characters within `limit` bytes of UTF-8."""
    cut = _cut(text, limit)
    long = pc.fill_null(pc.greater(pc.binary_length(cut), limit), False)
    if not pc.any(long).as_py():
        return cut
    shortened = pa.array(
        [value.encode()[:limit].decode("utf-8", "ignore") for value in cut.filter(long).to_pylist()], pa.string()
    )
    return pa.chunked_array([pc.replace_with_mask(cut.combine_chunks(), long.combine_chunks(), shortened)])
