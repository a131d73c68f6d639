"""Reading many rows of few keys from SQLite: its driver makes an object of every value, so a key's rows come as one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from hzmetrics.store.connections import Connections

SEPARATOR = "\x1f"
"""Between the values of a column. No number or time contains it."""
KEYS = 200
"""Keys fetched at a time."""


def batches(database: Connections, query: sa.Select[Any], key: str, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The rows of `query`, which has the columns of `schema`, in any order; `key` names a column of integers."""
    rows = query.subquery()
    others = [column for column in rows.c if column.name != key]
    texts = [sa.func.group_concat(sa.func.coalesce(column, ""), SEPARATOR) for column in others]
    with database.connect() as connection:
        cursor = connection.execute(sa.select(rows.c[key], *texts).group_by(rows.c[key])).cursor
        assert cursor
        while found := cursor.fetchmany(KEYS):
            keys, *columns = zip(*found, strict=True)
            lists = [pc.split_pattern(pa.array(column, pa.string()), SEPARATOR) for column in columns]
            values = {key: pa.array(keys, pa.int64()).take(pc.list_parent_indices(lists[0]))}
            for column, texts_of_keys in zip(others, lists, strict=True):
                flat = texts_of_keys.flatten()
                values[column.name] = pc.if_else(pc.equal(flat, ""), None, flat)
            yield pa.RecordBatch.from_arrays([values[field.name].cast(field.type) for field in schema], schema=schema)
