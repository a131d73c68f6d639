"""CSV from columns. Slow to import, so only work that moves rows does it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO

import pyarrow as pa
from pyarrow import csv


def write_csv(
    schema: pa.Schema,
    batches: Iterable[pa.RecordBatch],
    target: str | IO[bytes],
    options: csv.WriteOptions | None = None,
) -> int:
    """Write batches of columns; returns how many rows they have.

    Empty ones are left out: in place of one, Arrow writes memory that nothing was written to.
    """
    count = 0
    with csv.CSVWriter(target, schema, write_options=options) as writer:
        for batch in filter(len, batches):
            writer.write_batch(batch)
            count += len(batch)
    return count
