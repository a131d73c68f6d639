"""Rows of tables made in columns are those made one by one."""

from __future__ import annotations

import pyarrow as pa
import pytest

from hzmetrics.publish import tables
from hzmetrics.publish.numbers import month_name

COUNTS = [0, 7, 999, 1000, 1001, 20_305, 1_000_000, 98_765_432_109, None, -4, -1234]
TIMES = [0.0, 1.0, 2.9, 3.0, 59.5, 90.0, 180.0, 3599.0, 3600.5, 7380.0, 359_640.0, 12_345_678.9, None, -0.1, -5400.0]


@pytest.mark.parametrize(
    ("values", "kind", "unit"),
    [(COUNTS, pa.int64(), "count"), (TIMES, pa.float64(), "hours"), (TIMES, pa.float64(), "minutes")],
)
def test_many_tables_are_as_one(values: list[float | None], kind: pa.DataType, unit: str) -> None:
    months = [f"20{place:02d}-03" for place in range(len(values))]
    columns = [pa.array(values, kind), pa.array(values[::-1], kind)]
    found = tables.bodies(pa.array(months), columns, unit, pa.array([0, 4, len(values)], pa.int32()))
    whole = str(tables.body(list(map(month_name, months)), [values, values[::-1]], unit))
    as_bare = whole.replace("<td>0.0<", '<td data-v="0">0.0<').replace('.0"', '"')
    assert "\n".join(found) == as_bare
    assert found[0].count("<tr>") == 4
