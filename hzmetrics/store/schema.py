"""Creating the tables that the databases lack (spec 70 §8, spec 65 §8).

What is done here at every start costs a few small queries; the work itself is in `hzmetrics.installation.adoption`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from hzmetrics.errors import StoreError
from hzmetrics.store import version
from hzmetrics.store.database import Database
from hzmetrics.store.seeds import SEEDED, seed
from hzmetrics.store.tables import metrics

if TYPE_CHECKING:
    from hzmetrics.store import Store

TRANSACTIONAL = ("web", "webhits", "userlogin")
"""Tables that have to be transactional before anything is imported: a failed import would leave rows in them."""


def create_metrics(database: Database, prefix: str) -> None:
    """Create what a metrics database lacks: tables, the rows reference tables start with, the version. Idempotent."""
    with database.begin() as connection:
        if not sa.inspect(connection).get_table_names():
            version.stamp(connection)
        metrics.metadata.create_all(connection)
        metrics.profiles_copy(prefix).create(connection, checkfirst=True)
        for table in SEEDED:
            seed(connection, table)


def create_hub(database: Database, metadata: sa.MetaData) -> None:
    """Create the hub's tables, empty. Only on SQLite; on MariaDB they belong to the CMS."""
    with database.begin() as connection:
        metadata.create_all(connection)


def prepare_sqlite(database: Database, metadata: sa.MetaData, prefix: str) -> None:
    """Make the tables that a SQLite file lacks, all of them when it is new."""
    if metadata.tables.keys() <= database.table_names:
        return
    if metadata is metrics.metadata:
        create_metrics(database, prefix)
    else:
        create_hub(database, metadata)
    del database.table_names


def require_transactional(store: Store) -> None:
    """Raise StoreError if a failed import could not be rolled back from one of the tables (spec 70 §8.2)."""
    if not store.metrics.is_mariadb:
        return
    engines = sa.text(
        "SELECT table_name AS table_name, engine AS engine FROM information_schema.tables "
        "WHERE table_schema = DATABASE() AND table_name IN :tables"
    ).bindparams(sa.bindparam("tables", TRANSACTIONAL, expanding=True))
    found = {row.table_name: row.engine for row in store.metrics.rows(engines)}
    for table in TRANSACTIONAL:
        if table not in found:
            raise StoreError(f"metrics database: the table {table} is missing; run: hzmetrics init")
    plain = [f"{table} ({engine})" for table, engine in found.items() if engine != "InnoDB"]
    if plain:
        raise StoreError(f"{', '.join(plain)} cannot roll back a failed import; first run: hzmetrics migrate --apply")
