"""Revisions of months: what is made of a month's rows is right while the month keeps its revision (spec 50 §16).

A transaction in which sessions or logins come, go or change gives their months new revisions. So does one in which
requests come or go, or change which sessions have downloads. Bulk writes (`store.bulk`) note the months themselves;
other statements call `note`. `Connections.begin` stores the notes just before the commit, so that concurrent
transactions do not wait for each other in the middle of their work.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable

import sqlalchemy as sa

from hzmetrics.store.tables.metrics import session_revisions, userlogin, web, websessions
from hzmetrics.store.upsert import upsert

NOTED = "changed_months"
"""Where a connection keeps what was noted."""

FOUND = "revisions"
"""Where it keeps whether there is the table of revisions."""

TABLES = (websessions, userlogin, web)
"""The tables whose months have revisions."""

LINKS = frozenset({"sessionid", "dnload", "datetime"})
"""The columns of `web` that say which sessions have downloads, and when."""


def note(connection: sa.Connection, months: Iterable[str]) -> None:
    """Note, inside the caller's transaction, that rows of some months (YYYY-MM) change."""
    connection.info.setdefault(NOTED, set()).update(months)


def note_rows(
    connection: sa.Connection, table: sa.Table, where: sa.ColumnElement[bool], columns: Collection[str] = ()
) -> None:
    """Note the months that a change of `columns` of some rows concerns, before it is made; no columns: the rows go."""
    queries = []
    if table in TABLES and (table is not web or not columns):
        queries.append(sa.select(_month(table)).where(where))
    if table is web and (not columns or not LINKS.isdisjoint(columns)):
        stamped = web.join(websessions, websessions.c.id == web.c.sessionid)
        queries.append(sa.select(_month(websessions)).select_from(stamped).where(where))
    for query in queries:
        note(connection, connection.execute(query.distinct()).scalars())


def _month(table: sa.Table) -> sa.ColumnElement[str]:
    return sa.func.substr(table.c.datetime, 1, 7)


def store_noted(connection: sa.Connection) -> None:
    """Give the months noted new revisions. Of a database without the table, nothing is kept."""
    months = connection.info.pop(NOTED, None)
    if months and _has_revisions(connection):
        upsert(connection, session_revisions, [{"month": month, "revision": secrets.token_hex(8)} for month in months])


def forget_noted(connection: sa.Connection) -> None:
    """Drop what was noted in a transaction that ends without effect."""
    connection.info.pop(NOTED, None)


def revisions(connection: sa.Connection) -> dict[str, str] | None:
    """The revision of each month (YYYY-MM) whose rows have changed since there are revisions; None: there are none."""
    if not _has_revisions(connection):
        return None
    table = session_revisions.c
    return {row.month: row.revision for row in connection.execute(sa.select(table.month, table.revision))}


def _has_revisions(connection: sa.Connection) -> bool:
    """Whether there is the table. A connection that has found it does not look for it again."""
    if not connection.info.get(FOUND):
        connection.info[FOUND] = sa.inspect(connection).has_table(session_revisions.name)
    return bool(connection.info[FOUND])
