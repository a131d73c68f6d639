"""What databases are asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

WHOLE = re.compile(
    r"SELECT (?:count\(\*\)|coalesce\(sum\(\S+\), \S+\)) AS \w+ "
    r"FROM (websessions|web|userlogin)(?: WHERE web\.dnload = (?:\?|%\(\w+\)s))?(?=$|\))"
)
"""A count of all sessions, of all requests or downloads, or of all logins; also the sum of their ids."""


See = Callable[..., None]
"""Is told what is about to be executed: connection, cursor, statement, parameters and more."""


@contextmanager
def seen_by(see: See) -> Iterator[None]:
    """In this context, `see` is told of all statements."""
    event.listen(sa.Engine, "before_cursor_execute", see)
    try:
        yield
    finally:
        event.remove(sa.Engine, "before_cursor_execute", see)


@contextmanager
def asked() -> Iterator[list[str]]:
    """The statements that are executed in this context, each on one line."""
    found: list[str] = []

    def see(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        found.append(" ".join(statement.split()))

    with seen_by(see):
        yield found


@contextmanager
def read_whole(*tables: str) -> Iterator[list[str]]:
    """The statements in this context for which SQLite reads all rows of one of these tables, or all of an index."""
    found: list[str] = []
    scans = {f"SCAN {table}" for table in tables}

    def see(connection: sa.Connection, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            driver: Any = connection.connection.driver_connection
            plan = driver.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            if any(scans & {detail, detail.partition(" USING ")[0]} for _, _, _, detail in plan):
                found.append(" ".join(statement.split()))

    with seen_by(see):
        yield found


def whole_counts(statements: list[str]) -> list[str]:
    """The tables whose rows are all counted, each as often as it is."""
    return [table for statement in statements for table in WHOLE.findall(statement)]
