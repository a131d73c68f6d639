"""Rows go into both databases and come out as a lenient MariaDB server would have stored them."""

import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hzmetrics.engine import Engine
from hzmetrics.errors import StoreError
from hzmetrics.store.bulk import matching
from hzmetrics.store.database import open_sqlite
from hzmetrics.store.in_order import commit_in_order
from hzmetrics.store.tables import metrics
from hzmetrics.store.tables.live import activity_weights
from hzmetrics.store.upsert import add_to
from tests.conftest import STORES, TestHub
from tests.statements import read_whole

TEXT = st.text(st.characters(blacklist_categories=("Cs",)), max_size=300)


def web_rows(contents: list[str | None], hosts: list[str | None]) -> pa.Table:
    ids = list(range(1, len(contents) + 1))
    return pa.table(
        {
            "id": pa.array(ids, pa.int64()),
            "datetime": pa.array(["2025-07-00 00:00:00"] * len(ids), pa.string()),
            "content": pa.array(contents, pa.string()),
            "host": pa.array(hosts, pa.string()),
            "uidNumber": pa.array([2**40] * len(ids), pa.int64()),
        }
    )


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(TEXT, st.none() | TEXT), min_size=1, max_size=20))
def test_text_arrives_as_a_lenient_server_stores_it(hub: TestHub, pairs: list[tuple[str, str | None]]) -> None:
    def stored(text: str | None) -> str | None:
        if text is None:
            return None
        narrow = "".join(c if ord(c) < 0x10000 else "????" for c in text)
        return narrow.encode()[:255].decode("utf-8", "ignore")

    rows = web_rows([content for content, _ in pairs], [host for _, host in pairs])
    with hub.store.metrics.begin() as connection:
        connection.execute(sa.delete(metrics.web))
        hub.store.metrics.append(connection, metrics.web, rows)
    read = hub.store.metrics.read(sa.select(metrics.web).order_by(metrics.web.c.id))
    assert read["content"].to_pylist() == [stored(content) for content, _ in pairs]
    assert read["host"].to_pylist() == [stored(host) for _, host in pairs]
    assert set(read["uidNumber"].to_pylist()) == {2**31 - 1}
    assert set(read["datetime"].to_pylist()) == {"2025-07-00 00:00:00"}


def test_rows_may_come_in_chunks_of_which_some_are_empty(hub: TestHub) -> None:
    rows = web_rows(["a", "b"], [None, "h"])
    chunks = pa.concat_tables([rows.slice(0, 0), rows.slice(0, 1), rows.slice(0, 0), rows.slice(1), rows.slice(0, 0)])
    with hub.store.metrics.begin() as connection:
        assert hub.store.metrics.append(connection, metrics.web, chunks) == 2
    with hub.store.metrics.begin() as connection:
        assert hub.store.metrics.update(connection, metrics.web, chunks.select(["id", "content"]), ["id"]) == 2


def test_update_and_delete_by_key(hub: TestHub) -> None:
    database = hub.store.metrics
    with database.begin() as connection:
        database.append(connection, metrics.web, web_rows(["a", "b", "c"], [None, "h", None]))
        new = pa.table({"id": [1, 3, 9], "sessionid": [7, 8, 9]})
        assert database.update(connection, metrics.web, new, ["id"]) == 2
        assert database.delete(connection, metrics.web, pa.table({"id": [2]})) == 1
        assert database.next_id(connection, metrics.web) == 4
        assert database.delete(connection, metrics.web, pa.table({"id": [3]})) == 1
        assert database.next_id(connection, metrics.web) == 4
    rows = database.rows(sa.select(metrics.web.c.id, metrics.web.c.sessionid))
    assert [tuple(row) for row in rows] == [(1, 7)]


def test_update_of_some_columns_by_number(hub: TestHub) -> None:
    database, web = hub.store.metrics, metrics.web
    old = pa.table({"id": [1, 2, 9_000_000_000], "content": ["a", "b", "c"], "host": ["kept", None, None]})
    new = pa.table({"id": [9_000_000_000, 1, 2, 5], "host": ["x", None, "y\\", "z"], "dnload": [1, 0, None, 1]})
    with database.begin() as connection:
        database.append(connection, web, old)
        assert database.update(connection, web, new, ["id"], web.c.content != "b") == 2
    rows = database.rows(sa.select(web.c.host, web.c.dnload).order_by(web.c.id))
    assert [tuple(row) for row in rows] == [(None, 0), (None, None), ("x", 1)]


@pytest.mark.parametrize(("column", "value"), [("host", "h"), ("ipcountry", "DE"), ("sessionid", 7)])
def test_transactions_side_by_side_change_rows_among_each_other(hub: TestHub, column: str, value: object) -> None:
    """They wait for each other's commit: one that locks a row too many waits for ever."""
    database, web = hub.store.metrics, metrics.web
    number = 50_010
    with database.begin() as connection:
        ids = pa.array(range(1, number + 1))
        database.append(connection, web, pa.table({"id": ids, "content": pa.array(["a"] * number)}))

    def works() -> Iterator[Callable[[sa.Connection], int]]:
        few = range(1, number + 1, 5_001)
        for chosen in ([n for n in range(1, number + 1) if n not in few], [*few]):
            new = pa.table({"id": pa.array(chosen), column: [value] * len(chosen)})
            yield lambda connection, new=new: database.update(connection, web, new, ["id"])

    assert list(commit_in_order(database, works())) == [50_000, 10]
    assert database.rows(sa.select(web.c[column], sa.func.count()).group_by(web.c[column])) == [(value, number)]


@pytest.mark.parametrize("seed", range(3))
def test_update_by_number_reaches_exactly_the_rows_named(hub: TestHub, seed: int) -> None:
    """Numbers in long runs, in short ones and alone, in any order, and some that no row has."""
    database, web, chance = hub.store.metrics, metrics.web, random.Random(seed)
    named, number = set[int](), 1
    while number < 60_000:
        length = chance.choice((1, 2, 99, 100, 101, 3_000, 26_000))
        named.update(range(number, number + length))
        number += length + chance.choice((1, 1, 2, 200))
    there = range(50, number - 50)
    with database.begin() as connection:
        database.append(connection, web, pa.table({"id": pa.array(there), "content": ["a"] * len(there)}))
        order = chance.sample(sorted(named), len(named))
        new = pa.table({"id": pa.array(order), "host": [str(one) for one in order]})
        assert database.update(connection, web, new, ["id"]) == len(named.intersection(there))
    found = dict(map(tuple, database.rows(sa.select(web.c.id, web.c.host))))
    assert found == {one: str(one) if one in named else None for one in there}


def test_numbers_beyond_the_column_delete_the_rows_that_hold_its_largest(hub: TestHub) -> None:
    database, web = hub.store.metrics, metrics.web
    rows = pa.table({"content": ["a", "b", "c"], "dnload": [300, 1, 300]})
    with database.begin() as connection:
        database.append(connection, web, rows)
        assert database.delete(connection, web, pa.table({"content": ["a"], "dnload": [300]})) == 1
    assert [content for (content,) in database.rows(sa.select(web.c.content).order_by(web.c.id))] == ["b", "c"]


def test_update_of_those_rows_for_which_a_condition_holds(hub: TestHub) -> None:
    database, web = hub.store.metrics, metrics.web
    with database.begin() as connection:
        database.append(connection, web, web_rows(["a", "b", "a"], ["kept", None, None]))
        new = pa.table({"content": ["a", "b"], "host": ["x", "y"]})
        assert database.update(connection, web, new, ["content"], web.c.host.is_(None)) == 2
    assert [host for (host,) in database.rows(sa.select(web.c.host).order_by(web.c.id))] == ["kept", "y", "x"]


def test_a_few_rows_are_written_without_reading_the_others(make_hub: Callable[[str], TestHub]) -> None:
    """SQLite, asked for equal rows, may read all of ten years and look for each of them among the few."""
    database, web, sessions = make_hub("sqlite").store.metrics, metrics.web, metrics.websessions
    with database.begin() as connection, read_whole("web", "websessions") as found:
        requests = web_rows(["a", "b", "c"], ["kept", None, None])
        database.append(connection, web, requests)
        database.append(connection, sessions, pa.table({"id": [7, 8], "ip": ["192.0.2.1"] * 2, "duration": [1, 2]}))
        assert database.update(connection, web, pa.table({"id": [1, 3], "sessionid": [7, 8]}), ["id"]) == 2
        assert database.update(connection, web, pa.table({"id": [1], "host": ["h"]}), ["id"], web.c.host.is_(None)) == 0
        countries = pa.table({"ip": ["192.0.2.1"], "ipcountry": ["FR"]})
        assert database.update(connection, sessions, countries, ["ip"], sessions.c.id > 7) == 1
        keys = pa.table({"id": [8, 9], "duration": [2, 2]})
        assert matching(connection, sessions, [sessions.c.id], keys, ["id"], sa.true()).num_rows == 1
        assert database.delete(connection, sessions, pa.table({"id": [8]})) == 1
    assert not found


def test_a_failed_transaction_leaves_nothing(hub: TestHub) -> None:
    database = hub.store.metrics
    try:
        with database.begin() as connection:
            database.append(connection, metrics.web, web_rows(["a"], [None]))
            raise KeyError
    except KeyError:
        pass
    assert database.scalar(sa.select(sa.func.count()).select_from(metrics.web)) == 0


def test_folding_in_the_engine_is_the_collation() -> None:
    with Engine() as engine:
        engine.connection.register("names", pa.table({"name": ["José ", "JOSE", "straße", "a\t", None, "ł"]}))
        folded = engine.query("SELECT fold(name) AS f, fold_like(name) AS l FROM names")
    assert folded["f"].to_pylist() == ["JOSE", "JOSE", "STRASE", "A\t", None, "\u0141"]
    assert folded["l"].to_pylist()[0] == "JOSE "


def test_a_code_loses_its_trailing_blanks(hub: TestHub) -> None:
    codes = pa.table({"country": ["de", "u ", "  "], "continent": ["eu", "na", ""]})
    with hub.store.metrics.begin() as connection:
        connection.execute(sa.delete(metrics.country_continent))
        hub.store.metrics.append(connection, metrics.country_continent, codes)
    assert set(hub.store.metrics.read(sa.select(metrics.country_continent))["country"].to_pylist()) == {"de", "u", ""}


def test_a_stream_gives_all_rows_once_and_complains_at_once(hub: TestHub) -> None:
    database = hub.store.metrics
    with database.begin() as connection:
        database.append(connection, metrics.web, web_rows(["a", "b"], [None, "h"]))
    stream = database.stream(sa.select(metrics.web.c.content).order_by(metrics.web.c.id))
    assert stream.read_all()["content"].to_pylist() == ["a", "b"]
    assert database.read(sa.select(metrics.web.c.id).where(metrics.web.c.id < 0)).num_rows == 0
    with pytest.raises(StoreError):
        database.stream(sa.select(sa.column("id", sa.Integer)).select_from(sa.table("nowhere")))


def test_add_to_adds_numbers_to_known_rows_and_makes_the_others(hub: TestHub) -> None:
    with hub.store.metrics.begin() as connection:
        rows = [
            {"username": name, "active": 0.5, "total": 1, "active_samples": 1, "samples": 2} for name in ("ann", "Bob")
        ]
        connection.execute(sa.insert(activity_weights), rows)
        for known in ("ann", "bob"):  # byte by byte, Bob is not bob
            values = (sa.literal(one) for one in (known, 0.25, -1, 1, 1))
            add_to(connection, activity_weights, sa.select(*values).where(sa.true()))
    found = hub.store.metrics.rows(sa.select(activity_weights))
    assert sorted(map(tuple, found)) == [("Bob", 0.5, 1, 1, 2), ("ann", 0.75, 0, 2, 3), ("bob", 0.25, -1, 1, 1)]


def test_files_are_made_for_their_owner_alone(make_hub: Callable[[str], TestHub]) -> None:
    hub = make_hub("sqlite")
    with hub.store.metrics.begin() as connection:
        connection.execute(
            sa.insert(activity_weights).values(username="a", active=0, total=0, active_samples=0, samples=0)
        )
        assert {one.stat().st_mode & 0o777 for one in (hub.root / "db").iterdir()} == {0o600}


def test_a_further_connection_keeps_the_locks_on_a_file(make_hub: Callable[[str], TestHub]) -> None:
    """Another process that thinks itself alone would take the write-ahead log away."""
    database = make_hub("sqlite").store.metrics
    path = str(database.engine.url.database)
    look = (
        f"import sqlite3; file = sqlite3.connect({path!r}); file.execute('SELECT * FROM web').fetchall(); file.close()"
    )
    with database.begin() as connection:
        database.append(connection, metrics.web, web_rows(["a"], [None]))
        with database.connect():
            subprocess.run([sys.executable, "-c", look], check=True)
        assert Path(f"{path}-wal").exists()
    assert database.scalar(sa.select(sa.func.count()).select_from(metrics.web)) == 1


@pytest.mark.parametrize("kind", STORES[1:], indirect=True)
def test_a_fork_reads_without_the_threads_of_its_parent(hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """The columnar reader has threads, which a fork lacks: it would crash there, sometimes."""
    database = hub.store.metrics
    with database.begin() as connection:
        database.append(connection, metrics.web, web_rows(["a%", "\\b'é", None], ["h", None, ""]))
    query = sa.select(metrics.web).where(metrics.web.c.content != "none", metrics.web.c.id < 100)
    wanted = [database.read(query), database.read(sa.select(metrics.webhits))]
    database.close()
    monkeypatch.setattr("connectorx.read_sql", lambda *arguments, **form: os._exit(2))
    child = os.fork()
    if child == 0:
        try:
            found = [database.read(query), database.read(sa.select(metrics.webhits))]
            os._exit(0 if found == wanted else 1)
        finally:
            os._exit(3)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_only_files_of_sqlite_without_a_log_ahead_make_readers_wait(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert hub.store.metrics.reads_beside_writers
    monkeypatch.setattr("hzmetrics.store.database._log_ahead", lambda connection: None)
    with closing(open_sqlite("metrics", str(tmp_path / "plain.db"))) as plain:
        assert not plain.reads_beside_writers
