"""Revisions of months: what is made of a month's rows is right while the month keeps its revision (spec 50 §16).

A transaction that changes sessions, or which of their requests are downloads, gives their months new revisions. So does
one that changes or deletes logins; logins that arrive show in their number. Bulk writes (`store.bulk`) note the months
themselves; other statements call `note`. `Connections.begin` stores the notes just before the commit, so that
concurrent transactions do not wait for each other in the middle of their work.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable

import sqlalchemy as sa

from hzmetrics.store.tables.metrics import session_revisions, userlogin, web, websessions
from hzmetrics.store.upsert import upsert

NOTED = "changed_months"
"""Where a connection keeps what was noted."""

LINKS = frozenset({"sessionid", "dnload", "datetime"})
"""The columns of `web` that say which sessions have downloads, and when."""


def note(connection: sa.Connection, months: Iterable[str]) -> None:
    """Note, inside the caller's transaction, that sessions of some months (YYYY-MM) change."""
    connection.info.setdefault(NOTED, set()).update(months)


def note_rows(
    connection: sa.Connection, table: sa.Table, where: sa.ColumnElement[bool], columns: Collection[str] = LINKS
) -> None:
    """Note the months of the sessions or logins that a change of `columns` of some rows concerns, before it is made."""
    if table in (websessions, userlogin):
        query = sa.select(_month(table)).where(where)
    elif table is web and not LINKS.isdisjoint(columns):
        stamped = web.join(websessions, websessions.c.id == web.c.sessionid)
        query = sa.select(_month(websessions)).select_from(stamped).where(where)
    else:
        return
    note(connection, connection.execute(query.distinct()).scalars())


def _month(table: sa.Table) -> sa.ColumnElement[str]:
    return sa.func.substr(table.c.datetime, 1, 7)


def store_noted(connection: sa.Connection) -> None:
    """Give the months noted new revisions. A database without the table has no snapshots."""
    months = connection.info.pop(NOTED, None)
    if months and sa.inspect(connection).has_table(session_revisions.name):
        upsert(connection, session_revisions, [{"month": month, "revision": secrets.token_hex(8)} for month in months])


def forget_noted(connection: sa.Connection) -> None:
    """Drop what was noted in a transaction that ends without effect."""
    connection.info.pop(NOTED, None)


def revisions(connection: sa.Connection) -> dict[str, str]:
    """The revision of each month (YYYY-MM) whose rows have changed since there are revisions."""
    table = session_revisions.c
    return {row.month: row.revision for row in connection.execute(sa.select(table.month, table.revision))}
