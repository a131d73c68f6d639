"""Finding the rows of a stretch of time by their numbers.

Rows of one time were mostly written one after the other. Reading them in the order of their numbers costs a fraction of
looking each of them up from an index of times, and of reading the whole table, which MariaDB does in place of many
look-ups.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from hzmetrics.store.connections import Connections

SPREAD = 4
"""Numbers a row beyond which the rows of a stretch of time are no neighbours. The server leaves some numbers out."""


def by_number(
    database: Connections, query: sa.Select[Any], table: sa.Table, within: sa.ColumnElement[bool], after: int = 0
) -> sa.Select[Any]:
    """`query`, of the rows of `table` for which `within`, a condition on its time that an index answers, holds.

    They are looked for among the numbers that those rows have now; `after`: above this one. Raises StoreError.
    """
    (number,) = table.primary_key
    query = query.where(within)
    if not isinstance(number.type, sa.Integer):
        return query
    if after:
        return query.where(number > after).with_hint(table, _hint(database))
    found = _bounds(database, table, within)
    if not found.rows or found.last - found.first >= SPREAD * found.rows:
        return query
    return query.where(number.between(found.first, found.last)).with_hint(table, _hint(database))


def outside(
    database: Connections, table: sa.Table, within: sa.ColumnElement[bool], inner: sa.ColumnElement[bool]
) -> sa.ColumnElement[bool]:
    """Whether a row of `table` is none of those for which `within` holds. Raises StoreError.

    Where `within` holds for every row between the first and the last for which `inner` does, an index tells it of most
    rows, and they need not be read.
    """
    (number,) = table.primary_key
    found = _bounds(database, table, inner)
    between = number.between(found.first, found.last)
    if not found.rows or database.rows(sa.select(number).where(between, sa.not_(within)).limit(1)):
        return sa.not_(within)
    return sa.and_(sa.not_(between), sa.not_(within))


def _bounds(database: Connections, table: sa.Table, within: sa.ColumnElement[bool]) -> sa.Row[Any]:
    """The least and the greatest of the numbers of some rows (first, last), and how many rows these are (rows)."""
    (number,) = table.primary_key
    bounds = sa.select(
        sa.func.min(number).label("first"), sa.func.max(number).label("last"), sa.func.count().label("rows")
    )
    (found,) = database.rows(bounds.where(within))
    return found


def _hint(database: Connections) -> str:
    return "FORCE INDEX (PRIMARY)" if database.is_mariadb else "NOT INDEXED"
