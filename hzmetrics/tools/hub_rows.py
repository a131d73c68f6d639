"""Rows in the hub's tables that stand under a month."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from hzmetrics.store.database import Database
from hzmetrics.store.fit import arrow_type


def upsert(
    database: Database, connection: sa.Connection, table: sa.Table, rows: pa.Table, key: Sequence[str], month: str
) -> None:
    """Set the columns of `rows` on the rows of `table` under `month` with an equal `key`, and insert the others.

    An updated row keeps its id, and its other columns; of several with one key the lowest id is updated. `month` is the
    value of the `datetime` column that all of `rows` have. The table's own keys are not relied on.
    """
    stored = connection.execute(
        sa.select(sa.func.min(table.c.id).label("id"), *(table.c[name] for name in key))
        .where(table.c.datetime == month)
        .group_by(*(table.c[name] for name in key))
    ).all()
    columns = zip(*stored, strict=True) if stored else [()] * (len(key) + 1)
    schema = pa.schema([(name, arrow_type(table.c[name].type)) for name in ("id", *key)])
    known = pa.table([pa.array(values, kind) for values, kind in zip(columns, schema.types, strict=True)], schema)
    joined = rows.join(known, list(key), join_type="left outer").sort_by([(name, "ascending") for name in key])
    stored_before = pc.is_valid(joined["id"])
    database.update(connection, table, joined.filter(stored_before).drop_columns([*key, "datetime"]), ["id"])
    database.append(connection, table, joined.filter(pc.invert(stored_before)).drop_columns("id"))
