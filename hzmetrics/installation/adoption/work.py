"""The one connection that changes a metrics database, and the lock that goes with it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from hzmetrics import lock
from hzmetrics.config import Settings
from hzmetrics.errors import LockHeld
from hzmetrics.installation.adoption.definition import Definition, parse, quote
from hzmetrics.log import log
from hzmetrics.store.connections import error_code
from hzmetrics.store.database import Database


@dataclass(frozen=True)
class Work:
    """A piece of adoption work.

    Everything happens on the connection that holds the lock: when this process is killed, the lock is free only
    after the server has ended, or rolled back, the statement it was at.
    """

    database: Database
    connection: sa.Connection
    may_copy: bool = False
    """Whether a table may be copied where the server cannot change it instantly."""

    def alter(self, table: str, changes: Sequence[str]) -> None:
        """Change a table's definition in one statement."""
        self.execute(f"ALTER TABLE {quote(table)} {', '.join(changes)}")

    def alter_instantly(self, table: str, change: str) -> None:
        """Change a table's definition without touching its rows; where that cannot be, leave it to a heavy step."""
        try:
            self.alter(table, [change, "ALGORITHM=INSTANT"])
        except sa.exc.OperationalError as error:
            if error_code(error.orig) not in NOT_INSTANT:
                raise
            if self.may_copy:
                self.alter(table, [change])
            else:
                log.warning("%s cannot be changed instantly; hzmetrics migrate --apply does it", table)

    def definition(self, table: str) -> Definition:
        """A table's definition, as the server states it."""
        return parse(str(self.row(f"SHOW CREATE TABLE {quote(table)}")[1]))

    def row(self, query: str, *values: object) -> tuple[Any, ...]:
        """The one row of a query."""
        with self.connection.begin():
            return tuple(self.connection.exec_driver_sql(query, values or None).one())

    def execute(self, statement: str, *values: object) -> int:
        """Run one statement in a transaction of its own; the rows it changed."""
        with self.connection.begin():
            return self.connection.exec_driver_sql(statement, values or None).rowcount


NOT_INSTANT = (1845, 1846)
"""What the server says to a change that it cannot make instantly."""


@contextmanager
def begin(
    database: Database, settings: Settings, patience: int, lock_wait: int, may_copy: bool = False
) -> Iterator[Work]:
    """The right to change a database: a named lock on the server, a lock file beside SQLite (spec 70 §8.1).

    Waits `patience` seconds for another applier, and at most `lock_wait` seconds for a table in use. Raises LockHeld
    or StoreError.
    """
    if not database.is_mariadb:
        with lock.hold(settings, lock.MIGRATE), database.session() as connection:
            yield Work(database, connection, may_copy)
        return
    with database.session() as connection:
        connection.detach()  # closed for good at the end: the server then gives every lock back
        with connection.begin():
            name = lock_name(connection)
            if connection.execute(sa.select(sa.func.get_lock(name, patience))).scalar() != 1:
                raise LockHeld("another process is migrating this database; nothing done")
            connection.exec_driver_sql(f"SET SESSION lock_wait_timeout = {lock_wait:d}")
        yield Work(database, connection, may_copy)


def lock_name(connection: sa.Connection) -> str:
    """The name of the server's lock for this database; at most 64 characters."""
    database = str(connection.exec_driver_sql("SELECT DATABASE()").scalar())
    return "hzmetrics." + hashlib.sha256(database.encode()).hexdigest()[:32]
