"""One of the two databases: its connections, and reading and writing rows in columns."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import event

from hzmetrics import files
from hzmetrics.config import MariaDb
from hzmetrics.errors import StoreError
from hzmetrics.store.connections import SCRATCH, SESSION, Connections, Server, refuse_other_servers

if TYPE_CHECKING:
    import pyarrow as pa

SOCKETS = ("/run/mysqld/mysqld.sock", "/var/lib/mysql/mysql.sock")
"""Where a server on this machine listens, by default."""


SQLITE_PATIENCE = 60
"""Seconds to wait for another process that holds a SQLite file."""

SQLITE_CACHE = 16_384
"""KB of a SQLite file that a connection keeps in memory. With SQLite's 2 MB, indexes whose rows come at random are
written again and again."""


class Database(Connections):
    """A database, `hub` or `metrics`, with bulk access.

    `read` returns a query's rows as an Arrow table. `append`, `update` and `delete` write Arrow tables in bulk.
    Bulk access is imported when first used: a tick without work does not pay for it.
    """

    def read(self, query: sa.Select[Any]) -> pa.Table:
        """Committed rows of a query in columns, named and typed as the query's own. Raises StoreError."""
        from hzmetrics.store import bulk

        with self.readable_errors():
            return bulk.read(self, query)

    def stream(self, query: sa.Select[Any], key: str = "") -> pa.RecordBatchReader:
        """As `read`, but in batches that can be read once. Raises StoreError.

        `key`: a column of integers, of which many rows have the same. Such rows are read quickly, in any order; the
        other columns are integers and times.
        """
        from hzmetrics.store import bulk

        with self.readable_errors():
            return bulk.stream(self, query, key)

    def append(self, connection: sa.Connection, table: sa.Table, rows: pa.Table) -> int:
        """Insert rows, each value fitted to its column (spec 70 §1.1); returns their number. Raises StoreError."""
        from hzmetrics.store import bulk

        return bulk.append(connection, table, rows)

    def update(
        self,
        connection: sa.Connection,
        table: sa.Table,
        rows: pa.Table,
        key: Sequence[str],
        where: sa.ColumnElement[bool] | None = None,
        *,
        is_noted: bool = False,
    ) -> int:
        """Set the other columns of `rows` on the table's rows with the same `key`, of those `where` if it is given.

        `is_noted`: the transaction has noted already which months get new revisions. Returns the rows matched.
        """
        from hzmetrics.store import bulk

        return bulk.update(connection, table, rows, key, where, is_noted=is_noted)

    def delete(self, connection: sa.Connection, table: sa.Table, rows: pa.Table) -> int:
        """Delete the table's rows that equal one of `rows` in all of its columns; returns their number."""
        from hzmetrics.store import bulk

        return bulk.delete(connection, table, rows)


def open_mariadb(name: str, settings: MariaDb, database: str, scratch: str | None = None) -> Database:
    """A database of the MariaDB server in `settings`; connects when first used.

    Temporary tables are made in the database `scratch`, if it is given.
    """
    socket = _socket(settings)
    host, port = "127.0.0.1" if settings.host == "localhost" else settings.host, settings.port or 3306
    arguments: dict[str, Any] = {
        "user": settings.user,
        "password": settings.password,
        "database": database,
        "charset": "utf8mb3",
        "collation": "utf8mb3_general_ci",
        "init_command": SESSION,
        "local_infile": True,
        "connect_timeout": 10,
        "client_flag": 2,  # FOUND_ROWS: an UPDATE counts the rows it matched
        "conv": _text_dates(),
        **({"unix_socket": socket} if socket else {"host": host, "port": port}),
    }
    # parameters are hidden: tracebacks go to the log file, and rows have addresses
    # connections of their own for reading: turning one from transactions to reading and back takes three statements
    make = partial(
        sa.create_engine, "mysql+pymysql://", connect_args=arguments, pool_pre_ping=True, hide_parameters=True
    )
    engine = make(isolation_level="REPEATABLE READ")
    reading = make(isolation_level="AUTOCOMMIT", pool_reset_on_return=None)
    for each in (engine, reading):
        event.listen(each, "connect", _refuse_other_servers)
    url = (
        f"mysql://{quote(settings.user, safe='')}:{quote(settings.password, safe='')}"
        f"@{'localhost' if socket else host}:{port}/{quote(database, safe='')}"
        + (f"?socket={quote(socket, safe='')}" if socket else "")
    )
    server = Server(socket or f"{host}:{port}", settings.file)
    options = {SCRATCH: scratch}
    return Database(name, engine.execution_options(**options), url, server, reading.execution_options(**options))


def _socket(settings: MariaDb) -> str:
    """The socket to use: `localhost` without a port means the server's own, as it does for its clients."""
    if settings.host != "localhost":
        return ""
    if settings.socket or settings.port:
        return settings.socket
    return next((path for path in SOCKETS if Path(path).is_socket()), "")


def _refuse_other_servers(connection: Any, record: Any) -> None:
    refuse_other_servers(connection.get_server_info())


def _text_dates() -> dict[Any, Any]:
    """PyMySQL's conversions, except that dates stay text: Python has no zero dates (spec 70 §2.1)."""
    from pymysql.constants import FIELD_TYPE
    from pymysql.converters import conversions

    return {**conversions, FIELD_TYPE.DATETIME: str, FIELD_TYPE.DATE: str, FIELD_TYPE.TIMESTAMP: str}


def open_sqlite(name: str, path: str) -> Database:
    """A SQLite file, created when first used."""
    engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": SQLITE_PATIENCE}, hide_parameters=True)

    @event.listens_for(engine, "do_connect")
    def _make(dialect: sa.Dialect, record: Any, arguments: Any, keywords: Any) -> None:
        # It holds names of people. One that is there is not opened: closing it would give up this process's locks.
        with suppress(OSError):  # said in words by the connection itself
            os.close(files.make(files.place(Path(path)), files.SECRET))
        arguments[:], keywords["uri"] = [uri(path)], True

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # transactions begin and end where SQLAlchemy says, not the driver
        _log_ahead(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA cache_size = -{SQLITE_CACHE}")

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return Database(name, engine)


def uri(path: str) -> str:
    """What SQLite is told to open: it makes no file, because a link may have taken the place of the one made for it.

    Raises StoreError where root would have to follow a link that root did not make.
    """
    try:
        return f"{files.place(Path(path)).as_uri()}?mode=rw"
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from None


def _log_ahead(connection: Any) -> None:
    """Switch a file to write-ahead logging. SQLite itself does not wait while another process does the same."""
    import sqlite3

    deadline = time.monotonic() + SQLITE_PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def open_in_memory(name: str) -> Database:
    """An empty SQLite database that exists as long as it is open."""
    engine = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool, connect_args={"check_same_thread": False})
    return Database(name, engine)
