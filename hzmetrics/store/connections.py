"""Connections to one database, their transactions, and database errors in words."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from hzmetrics.calendar import Clock
from hzmetrics.errors import StoreError, StoreUnavailable
from hzmetrics.store import revisions

SESSION = (
    "SET SESSION sql_mode = 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', "
    "wait_timeout = 86400, net_read_timeout = 86400, net_write_timeout = 86400"
)
"""The first statement of every MariaDB connection: results do not depend on the server's SQL mode (spec 70 §1.1)."""

READABLE = {
    3: "the server's disk is full",
    1021: "the server's disk is full",
    1040: "the server has too many connections",
    1044: "the user may not use the database, or it does not exist",
    1045: "user name or password refused",
    1049: "the database does not exist",
    1054: "a column is missing",
    1114: "a table, or the disk of the server, is full",
    1130: "the server does not accept this machine",
    1142: "the user lacks a right",
    1143: "the user lacks a right",
    1146: "a table is missing",
    1205: "another process has held the table for too long",
    1213: "another process was at the same rows",
    1273: "the server is older than MariaDB 10.6",
    1698: "user name or password refused",
    1878: "the server's disk for temporary files is full",
    2002: "the server cannot be reached",
    2003: "the server cannot be reached",
    2006: "the server closed the connection",
    2013: "the connection was lost",
}
"""MariaDB error codes an operator meets, in words."""


PASSING = (
    3, 1021, 1026, 1030, 1037, 1038, 1040, 1041, 1053, 1114, 1158, 1159, 1160, 1161, 1180, 1205, 1213, 1878, 1927,
    2002, 2003, 2006, 2013,
)  # fmt: skip
"""MariaDB error codes that are not about the statement: connection lost, no room, lock wait timeout."""

PASSING_ON_SQLITE = {
    "database is locked": "another process has held it for too long",
    "database or disk is full": "the disk is full",
    "disk I/O error": "the disk is full, or broken",
    "unable to open database file": "the disk is full, or a right is missing",
}
"""The same for SQLite, with what they mean."""

OF_SERVER = (3, 1021, 1040, 1045, 1130, 1273, 1698, 1878, 2002, 2003)
"""MariaDB error codes that are about the server as a whole, whatever is asked for."""

ADVICE = {
    1044: "check {name}_db under [db] in {file} (server at {server})",
    1045: "check user and password under [db] in {file}",
    1049: "check {name}_db under [db] in {file} (server at {server})",
    1130: "check host under [db] in {file}",
    1142: "hzmetrics doctor lists the rights that the user under [db] in {file} needs (server at {server})",
    1143: "hzmetrics doctor lists the rights that the user under [db] in {file} needs (server at {server})",
    1698: "check user and password under [db] in {file}",
    2002: "check host, port and socket under [db] in {file}",
    2003: "check host, port and socket under [db] in {file}",
}
"""Where to look, by MariaDB error code."""

REFUSED_USER = (1045, 1698)
DENIED_DATABASE = 1044
MISSING_DATABASE = 1049
CONNECTION_LOST = 2013

OLDEST = (10, 6)
"""The oldest MariaDB that knows the collation utf8mb3_general_ci by this name and renames tables atomically."""

SCRATCH = "scratch"
"""Execution option: the database in which temporary tables are made. The hub's own needs no right for it.

See spec 70 §1.
"""

LOCKING_REFUSED = (1044, 1142)
"""MariaDB's error codes for a user without the right to lock tables."""


class Server(NamedTuple):
    """A database server, as messages name it."""

    address: str
    """The socket, or host and port."""
    file: Path
    """The configuration that says so."""


class UserRefused(StoreError):
    """The server does not know the user, or the password is wrong."""


class DatabaseMissing(StoreError):
    """The server answers, but the database does not exist."""


class DatabaseDenied(StoreError):
    """The user has no rights on the database, if it exists."""


class Connections:
    """A connection pool of one database, `hub` or `metrics`.

    `begin` opens a transaction, `connect` reads what is committed; both give SQLAlchemy connections.
    """

    def __init__(
        self,
        name: str,
        engine: sa.Engine,
        bulk_url: str = "",
        server: Server | None = None,
        reading: sa.Engine | None = None,
    ) -> None:
        self.name = name
        self.engine = engine
        self.reading = reading or engine.execution_options(isolation_level="AUTOCOMMIT")
        """The engine of connections without transactions."""
        self.server = server
        """MariaDB only."""
        self.bulk_url = bulk_url
        """Address for the columnar reader (MariaDB only). Holds the password: never log it."""

    @property
    def is_mariadb(self) -> bool:
        return self.engine.dialect.name in ("mysql", "mariadb")

    @contextmanager
    def begin(self, *unseen: sa.Table) -> Iterator[sa.Connection]:
        """A transaction: committed at the end, rolled back on any error. Raises StoreError.

        Readers find the tables `unseen` as they were or as they become, nothing between: one whose storage engine knows
        no transactions is locked meanwhile, if the user has the right to. The transaction then touches no other tables.
        """
        with self.readable_errors(), self.engine.connect() as connection:
            locked = self._lock(connection, [table.name for table in unseen])
            try:
                with connection.begin():
                    yield connection
                    revisions.store_noted(connection)
            finally:
                revisions.forget_noted(connection)
                if locked:
                    connection.exec_driver_sql("UNLOCK TABLES")

    def _lock(self, connection: sa.Connection, tables: Sequence[str]) -> bool:
        """Lock `tables` if an engine of theirs has no transactions; whether they are locked."""
        if not tables or not self.is_mariadb:
            return False
        plain = sa.text(
            "SELECT COUNT(*) FROM information_schema.TABLES AS t JOIN information_schema.ENGINES AS e USING (ENGINE) "
            "WHERE t.TABLE_SCHEMA = DATABASE() AND t.TABLE_NAME IN :tables AND e.TRANSACTIONS <> 'YES'"
        ).bindparams(sa.bindparam("tables", list(tables), expanding=True))
        try:
            if not connection.execute(plain).scalar():
                return False
            connection.exec_driver_sql("LOCK TABLES " + ", ".join(f"`{table}` WRITE" for table in tables))
        except sa.exc.OperationalError as error:
            if not error.orig or error.orig.args[:1][0] not in LOCKING_REFUSED:
                raise
            return False
        finally:
            connection.commit()
        return True

    @contextmanager
    def connect(self) -> Iterator[sa.Connection]:
        """A connection without a transaction, for reading and for statements that stand alone. Raises StoreError."""
        with self.readable_errors(), self.reading.connect() as connection:
            yield connection

    @contextmanager
    def session(self) -> Iterator[sa.Connection]:
        """A connection on which the caller begins each transaction: for work that holds locks of the server."""
        with self.readable_errors(), self.engine.connect() as connection:
            yield connection

    def scalar(self, query: sa.Executable) -> Any:
        """The one committed value a query asks for."""
        with self.connect() as connection:
            return connection.execute(query).scalar()

    def rows(self, query: sa.Executable) -> Sequence[sa.Row[Any]]:
        """A few committed rows. For many, use `read`."""
        with self.connect() as connection:
            return connection.execute(query).all()

    def clock(self, ours: Clock) -> Clock:
        """The server's clock at this moment (SQLite: the system's); `ours` where it is fixed (spec 20 §4.2)."""
        if ours.fixed:
            return ours
        if not self.is_mariadb:
            return Clock(Clock().now.replace(microsecond=0))
        with self.connect() as connection:
            row = connection.exec_driver_sql(
                "SELECT UNIX_TIMESTAMP(), TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(), NOW())"
            ).one()
        return Clock(dt.datetime.fromtimestamp(int(row[0]), dt.timezone(dt.timedelta(seconds=int(row[1])))))

    @cached_property
    def reads_beside_writers(self) -> bool:
        """Whether rows can be read while a transaction writes others. Raises StoreError.

        SQLite logs ahead for that, which some file systems do not allow.
        """
        return self.is_mariadb or self.scalar(sa.text("PRAGMA journal_mode")) == "wal"

    @cached_property
    def table_names(self) -> frozenset[str]:
        """The names of the existing tables. Raises StoreError."""
        with self.connect() as connection:
            return frozenset(sa.inspect(connection).get_table_names())

    def next_id(self, connection: sa.Connection, table: sa.Table) -> int:
        """The id of the next row: above all existing ids and, where the database numbers the rows, all earlier ones."""
        found, following = connection.execute(_numbering(table, self.is_mariadb)).one()
        return max(int(found or 0) + 1, int(following or 1))

    def counter(self, connection: sa.Connection, table: sa.Table) -> int | None:
        """The next id as the database counts them; None where it does not count."""
        following = connection.execute(sa.select(_following(table, self.is_mariadb))).scalar()
        return None if following is None else int(following)

    def close(self) -> None:
        self.engine.dispose()
        self.reading.dispose()

    @contextmanager
    def readable_errors(self) -> Iterator[None]:
        """Turn errors of the driver into StoreError."""
        try:
            yield
        except (sa.exc.DBAPIError, self.engine.dialect.loaded_dbapi.Error) as error:
            is_wrapped = isinstance(error, sa.exc.DBAPIError)  # not while a connection is opened or given back
            cause = error.orig if is_wrapped else error
            code = error_code(cause)
            text = str(cause.args[-1]) if cause and code else str(cause)
            raise self.trouble(code, text, is_wrapped and error.connection_invalidated) from error
        except sa.exc.PendingRollbackError as error:  # a lost connection was used again before the transaction ended
            raise self.trouble(CONNECTION_LOST, "transaction not rolled back") from error

    def trouble(self, code: int, text: str, is_lost: bool = False) -> StoreError:
        """An error of the database in words, with where to look. `code` is MariaDB's number of it, 0 for SQLite."""
        meaning = READABLE.get(code) or PASSING_ON_SQLITE.get(text)
        reason = f"{meaning} ({text})" if meaning else f"{text} (error {code})" if code else text
        kind = StoreError
        if code in REFUSED_USER:
            kind = UserRefused
        elif code == MISSING_DATABASE:
            kind = DatabaseMissing
        elif code == DENIED_DATABASE:
            kind = DatabaseDenied
        elif is_lost or code in PASSING or text in PASSING_ON_SQLITE:
            kind = StoreUnavailable
        if self.server is None:
            return kind(f"{self}: {reason}")
        who = f"database server at {self.server.address}" if code in OF_SERVER else str(self)
        advice = ADVICE.get(code, "").format(name=self.name, file=self.server.file, server=self.server.address)
        error = kind(f"{who}: {reason}{advice and '; ' + advice}")
        error.is_shared = code in (*OF_SERVER, DENIED_DATABASE, MISSING_DATABASE)
        return error

    def __str__(self) -> str:
        return f"{self.name} database" if self.is_mariadb else f"{self.name} database {self.engine.url.database}"


def error_code(error: BaseException | None) -> int:
    """MariaDB's number of an error; 0 if it has none."""
    arguments: tuple[Any, ...] = getattr(error, "args", ())
    return arguments[0] if arguments and isinstance(arguments[0], int) else 0


def refuse_other_servers(version: str) -> None:
    """Raise StoreError unless this is the version of a MariaDB that is new enough."""
    numbers = re.search(r"(\d+)\.(\d+)\.\d+-MariaDB", version)
    if not numbers or (int(numbers[1]), int(numbers[2])) < OLDEST:
        raise StoreError(f"the database server is {version}, but MariaDB {OLDEST[0]}.{OLDEST[1]} or newer is needed")


@cache
def _numbering(table: sa.Table, is_mariadb: bool) -> sa.Select[Any]:
    """The query for the largest id of a table, and the next one as the database counts them."""
    largest = sa.select(sa.func.max(table.c.id)).scalar_subquery()
    return sa.select(largest, _following(table, is_mariadb))


def _following(table: sa.Table, is_mariadb: bool) -> sa.ColumnElement[Any]:
    """The next id as the database counts them; NULL where it does not count."""
    if is_mariadb:
        names = ("auto_increment", "table_schema", "table_name")
        known = sa.table("TABLES", *map(sa.column, names), schema="information_schema").c
        here = sa.and_(known.table_schema == sa.func.database(), known.table_name == table.name)
        return sa.select(known.auto_increment).where(here).scalar_subquery()
    if not table.dialect_options["sqlite"]["autoincrement"]:
        return sa.null()
    issued = sa.table("sqlite_sequence", sa.column("name"), sa.column("seq")).c
    return sa.select(issued.seq + 1).where(issued.name == table.name).scalar_subquery()
