"""Rows in the hub's tables that stand under a month, or under the rows of a month."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from hzmetrics.store.bulk import fitted_rows
from hzmetrics.store.database import Database
from hzmetrics.store.fit import arrow_type


def upsert(
    database: Database, connection: sa.Connection, table: sa.Table, rows: pa.Table, key: Sequence[str], month: str
) -> None:
    """Set the columns of `rows` on the rows of `table` under `month` with an equal `key`, and insert the others.

    An updated row keeps its id, and its other columns; of several with one key the lowest id is updated. `month` is the
    value of the `datetime` column that all of `rows` have. The table's own keys are not relied on.
    """
    columns = [table.c[name] for name in key]
    number = sa.func.min(table.c.id, type_=table.c.id.type).label("id")
    known = _read(connection, sa.select(number, *columns).where(table.c.datetime == month).group_by(*columns))
    joined = rows.join(known, list(key), join_type="left outer").sort_by([(name, "ascending") for name in key])
    stored_before = pc.is_valid(joined["id"])
    database.update(connection, table, joined.filter(stored_before).drop_columns([*key, "datetime"]), ["id"])
    database.append(connection, table, joined.filter(pc.invert(stored_before)).drop_columns("id"))


def replace(database: Database, connection: sa.Connection, table: sa.Table, rows: pa.Table, lists: pa.Table) -> None:
    """Put `rows` in place of the rows of some `lists`, an id and a top each. Writes nothing where they are the same.

    The table has no index: it is read as a whole, and that is fast; deleting while it is read is not.
    """
    fitted, lists = fitted_rows(table, rows), fitted_rows(table, lists)
    bounds = pc.min_max(lists["id"])
    query = sa.select(*(table.c[name] for name in fitted.column_names))
    stored = _read(connection, query.where(table.c.id.between(bounds["min"].as_py(), bounds["max"].as_py())))
    stored = stored.join(lists, lists.column_names, join_type="left semi")
    if _sorted(stored) == _sorted(fitted):
        return
    if stored.num_rows:
        database.delete(connection, table, lists)
    database.append(connection, table, rows)


def _read(connection: sa.Connection, query: sa.Select[Any]) -> pa.Table:
    """The rows of a query as its transaction sees them."""
    schema = pa.schema([(column.name, arrow_type(column.type)) for column in query.selected_columns])
    rows = connection.execute(query).all()
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    return pa.table([pa.array(values, kind) for values, kind in zip(columns, schema.types, strict=True)], schema)


def _sorted(rows: pa.Table) -> pa.Table:
    """Rows in an order that depends on them alone."""
    names = sorted(rows.column_names)
    return rows.select(names).sort_by([(name, "ascending") for name in names])
