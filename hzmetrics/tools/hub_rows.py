"""Rows in the hub's tables that stand under a month, or under the rows of a month."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from hzmetrics.store.bulk import fitted_rows, matching, read_within
from hzmetrics.store.database import Database

STORED = " stored"
"""At the end of the names of columns that the database has."""


def upsert(
    database: Database, connection: sa.Connection, table: sa.Table, rows: pa.Table, key: Sequence[str], month: str
) -> None:
    """Set the columns of `rows` on the rows of `table` under `month` with an equal `key`, and insert the others.

    An updated row keeps its id, and its other columns; of several with one key the lowest id is updated. A row whose
    values are the same is not written. `month` is the value of the `datetime` column that all of `rows` have.
    """
    fitted = fitted_rows(table, rows.drop_columns("datetime"))
    columns = [table.c.id, *(table.c[name] for name in fitted.column_names)]
    stored = matching(connection, table, columns, fitted, key, table.c.datetime == month)
    lowest = stored.group_by(key).aggregate([("id", "min")])["id_min"]
    stored = stored.filter(pc.is_in(stored["id"], lowest))
    joined = fitted.join(stored, list(key), right_suffix=STORED).sort_by([(name, "ascending") for name in key])
    values = [name for name in fitted.column_names if name not in key]
    are_new = pc.is_null(joined["id"])
    differ = [pc.invert(_are_same(joined[name], joined[name + STORED])) for name in values]
    changed = joined.filter(pc.and_(pc.invert(are_new), reduce(pc.or_, differ)))
    database.update(connection, table, changed.select(["id", *values]), ["id"])
    new = joined.filter(are_new).select(fitted.column_names)
    database.append(connection, table, new.append_column("datetime", pa.repeat(month, len(new))))


def replace(database: Database, connection: sa.Connection, table: sa.Table, rows: pa.Table, lists: pa.Table) -> None:
    """Put `rows` in place of the rows of some `lists`, an id and a top each. Writes nothing where they are the same.

    The table has no index: it is read as a whole, and that is fast; deleting while it is read is not.
    """
    fitted, lists = fitted_rows(table, rows), fitted_rows(table, lists)
    bounds = pc.min_max(lists["id"])
    query = sa.select(*(table.c[name] for name in fitted.column_names))
    stored = read_within(connection, query.where(table.c.id.between(bounds["min"].as_py(), bounds["max"].as_py())))
    stored = stored.join(lists, lists.column_names, join_type="left semi")
    if _sorted(stored) == _sorted(fitted):
        return
    if stored.num_rows:
        database.delete(connection, table, lists)
    database.append(connection, table, rows)


def _are_same(values: pa.ChunkedArray, others: pa.ChunkedArray) -> pa.ChunkedArray:
    """Which values are equal, or both NULL."""
    both_null = pc.and_(pc.is_null(values), pc.is_null(others))
    return pc.or_(both_null, pc.fill_null(pc.equal(values, others), False))


def _sorted(rows: pa.Table) -> pa.Table:
    """Rows in an order that depends on them alone."""
    names = sorted(rows.column_names)
    return rows.select(names).sort_by([(name, "ascending") for name in names])
