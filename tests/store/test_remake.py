"""A table that is remade has the rows of its source; it is written only if it would change."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pyarrow as pa
import pytest
import sqlalchemy as sa

from hzmetrics.grids import logins
from hzmetrics.grids.logins import remake_userlogin_lite
from hzmetrics.store.tables.metrics import userlogin, userlogin_lite
from tests.conftest import TestHub
from tests.statements import asked

ROWS = [
    {"id": 1, "datetime": "2025-07-01 10:00:00", "user": "Ann", "uidNumber": 1, "ip": "192.0.2.1", "action": "login"},
    {"id": 2, "datetime": "2025-07-02 10:00:00", "user": "bob", "uidNumber": None, "ip": "", "action": "simulation"},
    {"id": 3, "datetime": "2025-07-03 10:00:00", "user": "bob", "uidNumber": 2, "ip": "192.0.2.2", "action": "logout"},
]


@pytest.fixture
def remade(hub: TestHub) -> TestHub:
    with hub.store.metrics.begin() as connection:
        connection.execute(sa.insert(userlogin), ROWS)
    remake_userlogin_lite(hub.store)
    return hub


def content(hub: TestHub) -> list[tuple[object, ...]]:
    return sorted(map(tuple, hub.store.metrics.rows(sa.select(userlogin_lite))))


def add(connection: sa.Connection) -> None:
    connection.execute(sa.insert(userlogin_lite), [{**ROWS[2]}])


def take_twice(connection: sa.Connection) -> None:
    """As many rows as before, all of them in the source."""
    connection.execute(sa.update(userlogin_lite).values(ROWS[0]))


def spell_otherwise(connection: sa.Connection) -> None:
    connection.execute(sa.update(userlogin_lite).where(userlogin_lite.c.id == 1).values(user="ann "))


@pytest.mark.parametrize("change", [add, take_twice, spell_otherwise])
def test_what_differs_is_replaced(remade: TestHub, change: Callable[[sa.Connection], None]) -> None:
    before = content(remade)
    assert [row[0] for row in before] == [1, 2]
    with remade.store.metrics.begin() as connection:
        change(connection)
    assert content(remade) != before
    remake_userlogin_lite(remade.store)
    assert content(remade) == before


def test_an_edited_source_is_followed(remade: TestHub) -> None:
    with remade.store.metrics.begin() as connection:
        connection.execute(sa.update(userlogin).where(userlogin.c.id == 2).values(uidNumber=7))
        connection.execute(sa.delete(userlogin).where(userlogin.c.id == 1))
    remake_userlogin_lite(remade.store)
    assert [(row[0], row[3]) for row in content(remade)] == [(2, 7)]


def test_types_and_indexes_of_the_source_are_followed(remade: TestHub) -> None:
    if not remade.store.metrics.is_mariadb:
        pytest.skip("types and indexes of SQLite are those of the schema")
    with remade.store.metrics.connect() as connection:
        connection.exec_driver_sql("ALTER TABLE userlogin MODIFY ip VARCHAR(99) NOT NULL")
        connection.exec_driver_sql("ALTER TABLE userlogin_lite DROP KEY uidNumber")
    remake_userlogin_lite(remade.store)
    with remade.store.metrics.connect() as connection:
        found = {column["name"]: column["type"] for column in sa.inspect(connection).get_columns("userlogin_lite")}
        indexed = {tuple(index["column_names"]) for index in sa.inspect(connection).get_indexes("userlogin_lite")}
    assert str(found["ip"]).startswith("VARCHAR(99)")
    assert indexed == {("uidNumber",), ("datetime", "user")}


def test_a_table_that_would_be_the_same_is_not_written(remade: TestHub) -> None:
    if remade.store.metrics.is_mariadb:
        pytest.skip("only SQLite tells whether somebody has written")
    with sqlite3.connect(str(remade.store.metrics.engine.url.database)) as other:
        version = other.execute("PRAGMA data_version").fetchone()
        remake_userlogin_lite(remade.store)
        assert other.execute("PRAGMA data_version").fetchone() == version


def test_a_run_compares_it_again_only_when_logins_have_come(remade: TestHub) -> None:
    metrics, new = remade.store.metrics, {**ROWS[1], "id": 4, "uidNumber": 5}
    with logins.kept():
        remake_userlogin_lite(remade.store)
        with asked() as statements:
            remake_userlogin_lite(remade.store)
        assert len(statements) == 1
        with metrics.begin() as connection:
            metrics.append(connection, userlogin, pa.Table.from_pylist([new]))
        remake_userlogin_lite(remade.store)
        assert [row[0] for row in content(remade)] == [1, 2, 4]
    with metrics.begin() as connection:
        spell_otherwise(connection)
    remake_userlogin_lite(remade.store)
    assert "Ann" in content(remade)[0]
