"""MariaDB databases for many small tests: made once, and emptied for each."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from hzmetrics.store import Store
from hzmetrics.store.database import Database
from tests.conftest import create_databases


def tables(database: Database) -> dict[str, bool]:
    """The tables that are there, and whether each has rows."""
    with database.connect() as connection:
        names = [str(name) for (name,) in connection.exec_driver_sql("SHOW TABLES")]
        parts = " UNION ALL ".join(f"SELECT '{name}', EXISTS (SELECT * FROM `{name}`)" for name in names)
        return {name: bool(filled) for name, filled in connection.exec_driver_sql(parts)}


@pytest.fixture(scope="session")
def database_name() -> str:
    """Databases of this room: others may leave theirs in any state."""
    return f"hzt_{os.getpid()}_activity"


@pytest.fixture(scope="session")
def as_made() -> dict[str, dict[str, bool]]:
    """The tables of each database as they were made."""
    return {}


@pytest.fixture
def empty_databases(database_name: str, as_made: dict[str, dict[str, bool]]) -> Callable[[Store], None]:
    def empty(store: Store) -> None:
        if not as_made:
            create_databases(store, database_name)
        for database in (store.hub, store.metrics):
            then = as_made.setdefault(database.name, tables(database))
            with database.connect() as connection:
                for name, filled in tables(database).items():
                    if name not in then:
                        connection.exec_driver_sql(f"DROP TABLE `{name}`")
                    elif filled and not then[name]:
                        connection.exec_driver_sql(f"TRUNCATE TABLE `{name}`")
            assert tables(database) == then, "a test has changed what the tables are made with"

    return empty
