"""The database and the user of hzmetrics on a MariaDB server, made by its administrator (spec 65 §9, spec 70 §1)."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterable
from dataclasses import replace

import sqlalchemy as sa

from hzmetrics.config import MariaDb, Settings
from hzmetrics.errors import ConfigurationError, StoreError, UsageError
from hzmetrics.installation import rights
from hzmetrics.installation.adoption.apply import create_database_statement, server
from hzmetrics.installation.bootstrap import user_name
from hzmetrics.log import log
from hzmetrics.store.connections import UserRefused

HINT = (
    "to make the database and its user, run as root on the machine of the server: hzmetrics init --admin"
    " (or give its administrator the output of: hzmetrics init --sql)"
)

LOCAL = ("localhost", "127.0.0.1", "::1")


def statements(settings: Settings) -> list[str]:
    """The SQL that makes the database, the user and its rights. The password is in it as a hash, never as text.

    Raises ConfigurationError if a key is empty, UsageError for SQLite.
    """
    db = _mariadb(settings)
    return list(_statements(settings, db, [settings.prefix + table for table in rights.WRITTEN]))


def create(settings: Settings) -> None:
    """Make what is missing of it, as the administrator that the server knows by the name of the effective user.

    The password of a user that exists stays. Raises ConfigurationError, UsageError, StoreError.
    """
    db = _mariadb(settings)
    if db.host not in LOCAL:
        raise UsageError(
            f"--admin works on the machine of the database server, but [db] host is {db.host};"
            " give the administrator of the server the output of: hzmetrics init --sql"
        )
    administrator = replace(db, host="localhost", port=None, user=user_name(), password="")
    try:
        with server(replace(settings, db=administrator)) as connection:
            tables = _written_tables(connection, settings, db)
            if _is_known(connection, db):
                log.info("the user %s of the database server exists; its password is not changed", db.user)
            for statement in _statements(settings, db, tables):
                connection.exec_driver_sql(statement.replace("%", "%%"))
    except UserRefused as error:
        raise StoreError(f"no administrator of the database server: {error}; {HINT}") from None
    log.info("the user %s may use the database %s", db.user, db.metrics_db)


def _mariadb(settings: Settings) -> MariaDb:
    db = settings.db
    if not isinstance(db, MariaDb):
        raise UsageError(f"{settings.file}: SQLite needs no user: leave out --admin and --sql")
    for key, value in {"user": db.user, "metrics_db": db.metrics_db}.items():
        if not value:
            raise ConfigurationError(f"{settings.file}: [db] {key} is empty")
    if not db.password.isascii():
        raise ConfigurationError(f"{settings.file}: [db] password: only ASCII characters can be used")
    return db


def _statements(settings: Settings, db: MariaDb, tables: Iterable[str]) -> Iterable[str]:
    user = rights.account(db.user, _origin(db))
    grants = rights.least(user, db.metrics_db, db.hub_db, tables)
    yield create_database_statement(db.metrics_db)
    yield f"CREATE USER IF NOT EXISTS {user} IDENTIFIED {_proof(db.password)}"
    yield from grants["metrics"]
    if db.hub_db:
        yield from grants["hub"]


def _proof(password: str) -> str:
    """How the user proves itself: by the password, of which the server keeps a hash, or as user of the system."""
    if not password:
        return "VIA unix_socket"
    inner = hashlib.sha1(password.encode("ascii"), usedforsecurity=False).digest()
    digest = hashlib.sha1(inner, usedforsecurity=False).hexdigest()
    return f"VIA mysql_native_password USING '*{digest.upper()}'"


def _origin(db: MariaDb) -> str:
    """The machine that the user comes from, as the server sees it: this one."""
    if db.host in LOCAL:
        return "localhost"
    try:
        family, kind, *_, address = socket.getaddrinfo(db.host, db.port or 3306, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind) as way:
            way.connect(address)  # sends nothing
            return str(way.getsockname()[0])
    except OSError as error:
        raise ConfigurationError(f"{db.file}: [db] host: {db.host}: {error.strerror or error}") from None


def _is_known(connection: sa.Connection, db: MariaDb) -> bool:
    query = sa.text("SELECT COUNT(*) FROM mysql.user WHERE User = :user AND Host = :host")
    return bool(connection.execute(query, {"user": db.user, "host": _origin(db)}).scalar())


def _written_tables(connection: sa.Connection, settings: Settings, db: MariaDb) -> list[str]:
    """The hub's tables that are written, as far as there are any: no right can be granted on others."""
    if not db.hub_db:
        return []
    query = sa.text("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = :hub")
    present = set(connection.execute(query, {"hub": db.hub_db}).scalars())
    written = [settings.prefix + table for table in rights.WRITTEN]
    missing = [table for table in written if table not in present]
    if missing:
        log.warning("the hub database %s lacks the tables %s; check hub_db and hub_db_prefix under [db] in %s",
                    db.hub_db, ", ".join(missing), settings.file)  # fmt: skip
    return [table for table in written if table in present]
