"""A connection that the server drops ends a step with a message; done again, it ends as if undisturbed.

See spec 60 §10.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymysql
import pytest
import sqlalchemy as sa
from sqlalchemy import event

from hzmetrics.calendar import Month
from hzmetrics.errors import StoreUnavailable
from hzmetrics.pipeline import stages
from hzmetrics.store.tables import metrics
from tests.conftest import TestHub
from tests.enrich.dns_server import DnsServer, name, serve
from tests.enrich.tables import put
from tests.enrich.test_jobs import job, session
from tests.mariadb_server import SOCKET
from tests.pipeline.scenario import log_text, state
from tests.pipeline.test_convergence import cells
from tests.pipeline.test_failures import prepare, rows

MARCH = Month(2026, 3)
STEPS = [step for part in (*stages.analysis(MARCH, sessions=True), stages.summary(MARCH)) for step in part.steps]
READING = ("SELECT", "SHOW", "SET", "DO")
TABLES = (metrics.web, metrics.userlogin, metrics.websessions, metrics.toolstart, metrics.sessionlog_metrics)

pytestmark = [
    pytest.mark.mariadb,
    pytest.mark.skipif(SOCKET not in os.environ, reason=f"no MariaDB server: {SOCKET} is not set"),
]


@pytest.fixture
def names() -> Iterator[DnsServer]:
    with serve(DnsServer({f"10.7.0.{n}": name(f"host{n}.example.edu") for n in range(1, 9)})) as server:
        yield server


@contextmanager
def dropped(at: Callable[[str], bool]) -> Iterator[list[str]]:
    """The server kills the connection of the first statement `at` which it is to; that statement."""
    met: list[str] = []

    def kill(connection: sa.Connection, cursor: Any, statement: str, *rest: object) -> None:
        if not met and at(statement):
            met.append(statement)
            number = connection.connection.driver_connection.thread_id()
            with pymysql.connect(unix_socket=os.environ[SOCKET], user="root") as server:
                server.cursor().execute(f"KILL {number}")

    event.listen(sa.Engine, "before_cursor_execute", kill)
    try:
        yield met
    finally:
        event.remove(sa.Engine, "before_cursor_execute", kill)


def march(hub: TestHub) -> TestHub:
    """The logs and tool jobs of one month, the logs imported."""
    for log in ("httpd/daily/parity-access.log-20260310", "hubzero/daily/cmsauth.log-20260310"):
        (hub.root / "logs" / log).write_bytes(log_text(log, ["2026-03-10"] * 5))
    started = {"start": "2026-03-10 08:02:00"}
    sessions = ({**session(n, "ann", f"10.7.0.{n}"), **started} for n in range(1, 4))
    put(hub.store.hub, hub.store.hub_tables.sessionlog, *sessions)
    put(hub.store.hub, hub.store.hub_tables.joblog, *(job(n, 1, 60, 9, **started) for n in (1, 2)))
    assert hub.run("import", "--month", "2026-03") == 0
    return hub


def content(hub: TestHub) -> list[Any]:
    return [cells(hub), *(list(hub.store.metrics.rows(sa.select(table).order_by(table.c.id))) for table in TABLES)]


@pytest.mark.slow
def test_in_every_step(
    make_hub: Callable[[str], TestHub], names: DnsServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """At its first statement, then at the first that writes, if there is any."""
    hub = march(prepare(make_hub("mariadb"), names, monkeypatch))
    for step in STEPS:
        for at in (lambda statement: True, lambda statement: not statement.startswith(READING)):
            try:
                with dropped(at) as met:
                    step.run(hub.store, hub.settings)
            except StoreUnavailable as error:
                assert "database: the connection was lost" in str(error) or "the server closed" in str(error)
            else:
                assert not met, step
        step.run(hub.store, hub.settings)
    disturbed = content(hub)
    hub.store.close()
    hub.root.rename(tmp_path / "disturbed")
    fresh = march(prepare(make_hub("mariadb"), names, monkeypatch))
    for step in STEPS:
        step.run(fresh.store, fresh.settings)
    assert disturbed == content(fresh)
    assert all(disturbed)


def test_in_an_import(
    make_hub: Callable[[str], TestHub],
    names: DnsServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    hub = prepare(make_hub("mariadb"), names, monkeypatch)
    path = hub.root / "logs/httpd/daily/parity-access.log-20260518"
    path.write_bytes(log_text("httpd/", ["2026-05-18"] * 5))
    for statement in ("INSERT INTO imported_sources", "LOAD DATA"):
        with dropped(lambda text, wanted=statement: text.startswith(wanted)) as met:
            assert hub.run("run") == 1
        said = capsys.readouterr().err
        assert met and "metrics database: the " in said.splitlines()[-1] and "Traceback" not in said
        assert path.exists() and "bad_files" not in state(hub) and rows(hub, metrics.web) == 0
    assert hub.run("run") == 0
    assert rows(hub, metrics.web) == 5
