"""What goes wrong with a server is said in words, without secrets, and costs no row."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pymysql
import pytest
import sqlalchemy as sa

from hzmetrics import log
from hzmetrics.config import MariaDb
from hzmetrics.errors import StoreError, StoreUnavailable
from hzmetrics.store import Store
from hzmetrics.store.connections import refuse_other_servers
from hzmetrics.store.tables import metrics
from tests.conftest import TestHub
from tests.mariadb_server import SOCKET, running


@pytest.fixture
def on_server(make_hub: Callable[[str], TestHub]) -> TestHub:
    return make_hub("mariadb")


def with_settings(hub: TestHub, **changes: object) -> Store:
    assert isinstance(hub.settings.db, MariaDb)
    return Store(dataclasses.replace(hub.settings, db=dataclasses.replace(hub.settings.db, **changes)))


@pytest.mark.parametrize("version", ["8.0.36", "5.5.5-10.5.29-MariaDB-log", "10.3.39-MariaDB"])
def test_other_servers_are_refused(version: str) -> None:
    with pytest.raises(StoreError, match=r"MariaDB 10\.6 or newer is needed"):
        refuse_other_servers(version)


@pytest.mark.parametrize("version", ["5.5.5-10.11.19-MariaDB-0+deb12u1", "10.6.1-MariaDB", "11.4.2-MariaDB-log"])
def test_new_enough_servers_are_not(version: str) -> None:
    refuse_other_servers(version)


@pytest.mark.mariadb
@pytest.mark.skipif(SOCKET not in os.environ, reason=f"no MariaDB server: {SOCKET} is not set")
class TestOnServer:
    def test_wrong_credentials(self, on_server: TestHub) -> None:
        store = with_settings(on_server, user="nobody", password="quite-secret")
        for asking in (lambda: store.metrics.scalar(sa.select(1)), lambda: store.metrics.read(sa.select(metrics.web))):
            with pytest.raises(StoreError, match="user name or password refused") as error:
                asking()
            assert "quite-secret" not in str(error.value)

    def test_missing_things(self, on_server: TestHub) -> None:
        with pytest.raises(StoreError, match="metrics database: the database does not exist"):
            with_settings(on_server, metrics_db="hzt_nosuch").metrics.scalar(sa.select(1))
        with on_server.store.metrics.connect() as connection:
            metrics.webhits.drop(connection)
            connection.exec_driver_sql("ALTER TABLE web DROP COLUMN apache_pid")
        for reading, complaint in (
            (on_server.store.metrics.rows, "a table is missing .*webhits"),
            (on_server.store.metrics.read, "a table is missing .*webhits"),
        ):
            with pytest.raises(StoreError, match=complaint):
                reading(sa.select(metrics.webhits))
        with pytest.raises(StoreError, match=r"a column is missing .*apache_pid"):
            on_server.store.metrics.read(sa.select(metrics.web))

    def test_unreachable(self, on_server: TestHub) -> None:
        for changes in ({"socket": "/nowhere/sock"}, {"host": "127.0.0.1", "port": 1}):
            with pytest.raises(StoreError, match="the server cannot be reached"):
                with_settings(on_server, **changes).metrics.scalar(sa.select(1))

    def test_a_lost_connection_takes_its_transaction_back(self, on_server: TestHub) -> None:
        database = on_server.store.metrics
        row = {"datetime": "2025-07-01 00:00:00", "hits": 1}
        with (
            pytest.raises(StoreError, match=r"the server closed the connection|the connection was lost"),
            database.begin() as connection,
        ):
            connection.execute(sa.insert(metrics.webhits), row)
            number = connection.exec_driver_sql("SELECT CONNECTION_ID()").scalar()
            with database.connect() as other:
                other.exec_driver_sql(f"KILL {number}")
            connection.execute(sa.insert(metrics.webhits), row)
        assert database.rows(sa.select(metrics.webhits)) == []

    @pytest.mark.parametrize("reading", ["read", "stream"])
    def test_a_connection_lost_while_rows_arrive(self, on_server: TestHub, reading: str) -> None:
        """The server counts on for minutes; its answer breaks off after the first rows."""
        database = on_server.store.metrics
        number = sa.table("seq_1_to_2000000000", sa.column("seq", sa.BigInteger))

        def kill() -> None:
            asked = sa.text(
                "SELECT ID FROM information_schema.PROCESSLIST "
                "WHERE INFO LIKE '%seq_1_to_2%' AND ID <> CONNECTION_ID() AND DB = DATABASE() AND TIME_MS > 300"
            )
            while (asking := database.scalar(asked)) is None:
                time.sleep(0.02)
            with database.connect() as connection:
                connection.exec_driver_sql(f"KILL {asking}")

        with ThreadPoolExecutor() as side:
            killing = side.submit(kill)
            with pytest.raises(StoreUnavailable, match="metrics database: the connection was lost"):
                rows = getattr(database, reading)(sa.select(number.c.seq))
                while True:
                    rows.read_next_batch()
            killing.result()
        assert database.scalar(sa.select(1)) == 1

    def test_a_connection_found_dead_when_given_back_is_a_note_in_the_log_file(
        self, on_server: TestHub, tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        database = on_server.store.metrics
        log.start(tmp_path / "log.txt")
        connection = database.engine.raw_connection()
        with database.connect() as other:
            other.exec_driver_sql(f"KILL {connection.driver_connection.thread_id()}")
        connection.close()
        log.stop()
        assert capfd.readouterr().err == ""
        assert "Traceback" in (tmp_path / "log.txt").read_text()
        assert database.scalar(sa.select(1)) == 1

    def test_the_hub_needs_no_right_to_temporary_tables(self, on_server: TestHub) -> None:
        """Rows are replaced in the hub's tables by a user who has only the documented rights (spec 70 §1)."""
        assert isinstance(on_server.settings.db, MariaDb)
        hub_db, metrics_db = on_server.settings.db.hub_db, on_server.settings.db.metrics_db
        table = on_server.store.hub_tables.stats_topvals
        with pymysql.connect(unix_socket=os.environ[SOCKET], user="root") as server, server.cursor() as cursor:
            cursor.execute("CREATE OR REPLACE USER hzt_least@localhost")
            cursor.execute(f"GRANT ALL ON {metrics_db}.* TO hzt_least@localhost")
            cursor.execute(f"GRANT SELECT ON {hub_db}.* TO hzt_least@localhost")
            cursor.execute(f"GRANT INSERT, UPDATE, DELETE ON {hub_db}.{table.name} TO hzt_least@localhost")
            store = with_settings(on_server, user="hzt_least")
            rows = pa.table({"top": [1, 1], "rank": [1, 2], "value": [5, 6]})
            with store.hub.begin() as connection:
                store.hub.append(connection, table, rows)
                assert store.hub.delete(connection, table, pa.table({"rank": [2]})) == 1
                assert store.hub.update(connection, table, pa.table({"rank": [1], "value": [9]}), ["rank"]) == 1
            assert [row.value for row in store.hub.rows(sa.select(table))] == [9]
            with pytest.raises(StoreError, match=r"lacks a right .* hzmetrics doctor lists the rights that the user"):
                store.metrics.rows(sa.text("SELECT 1 FROM mysql.user"))
            cursor.execute("DROP USER hzt_least@localhost")

    def test_no_room_for_temporary_files(self, on_server: TestHub, tmp_path: Path, monkeypatch) -> None:
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
        database = on_server.store.metrics
        rows = pa.table({"datetime": ["2025-07-01 00:00:00"], "hits": [1]})
        with (
            pytest.raises(StoreError, match=f"cannot write rows to the temporary directory {tmp_path}/gone"),
            database.begin() as connection,
        ):
            database.append(connection, metrics.webhits, rows)


@pytest.fixture(scope="module")
def odd_server() -> Iterator[str]:
    """A server with a hostile mode, on which LOAD DATA LOCAL is forbidden."""
    if SOCKET not in os.environ:
        pytest.skip(f"no MariaDB server: {SOCKET} is not set")
    mode = "TRADITIONAL,ANSI_QUOTES,ONLY_FULL_GROUP_BY,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES"
    with running(("--local-infile=0", f"--sql-mode={mode}", "--character-set-server=latin1")) as socket:
        yield socket


@pytest.mark.mariadb
@pytest.mark.slow
def test_the_server_s_own_mode_does_not_matter(
    odd_server: str, make_hub: Callable[[str], TestHub], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SOCKET, odd_server)
    hub = make_hub("mariadb")
    database = hub.store.metrics
    texts = ["back\\slash", "quote'\"", "José", "x" * 300, None, "a||b"]
    rows = pa.table({"id": list(range(1, 7)), "content": [t or "" for t in texts], "referrer": texts})
    with database.begin() as connection:
        assert database.append(connection, metrics.web, rows) == 6
        changed = pa.table({"id": [6], "datetime": ["0000-00-00 00:00:00"], "domain": ["d\\"]})
        assert database.update(connection, metrics.web, changed, ["id"]) == 1
    read = database.read(sa.select(metrics.web.c.referrer).order_by(metrics.web.c.id))["referrer"].to_pylist()
    assert read == ["back\\slash", "quote'\"", "José", "x" * 255, None, "a||b"]
    for text, number in (("back\\slash", 1), ("quote'\"", 2), ("d\\", 6)):
        column = metrics.web.c.domain if number == 6 else metrics.web.c.content
        assert database.read(sa.select(metrics.web.c.id).where(column == text))["id"].to_pylist() == [number]
    assert hub.run("migrate", "--apply") == 0
    assert hub.run("doctor", "--fix") == 0
