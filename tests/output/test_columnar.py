"""CSV from columns."""

from __future__ import annotations

import io

import pyarrow as pa
import pytest

from hzmetrics.output.columnar import write_csv

ROWS = pa.table({"number": [1, 2], "text": ["x", "y"]})
NONE = ROWS.slice(0, 0)


@pytest.mark.parametrize(
    "tables",
    [[ROWS], [NONE, ROWS], [ROWS.slice(0, 1), NONE, ROWS.slice(1)], [ROWS, NONE], [NONE, NONE, ROWS]],
    ids=["plain", "first", "between", "last", "many"],
)
def test_empty_batches_leave_no_trace(tables: list[pa.Table]) -> None:
    file = io.BytesIO()
    batches = [pa.record_batch(table.to_pydict(), schema=ROWS.schema) for table in tables]
    assert write_csv(ROWS.schema, batches, file) == 2
    assert file.getvalue() == b'"number","text"\n1,"x"\n2,"y"\n'


def test_without_rows_there_is_a_head() -> None:
    file = io.BytesIO()
    assert write_csv(ROWS.schema, [], file) == 0
    assert file.getvalue() == b'"number","text"\n'
