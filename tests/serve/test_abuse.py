"""Many readers, databases that go and come back, several servers, sources that do not answer."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from hzmetrics import config
from hzmetrics.activity import monitor
from hzmetrics.store import Store
from hzmetrics.store.tables.live import events
from tests.conftest import TestHub
from tests.serve.invented import NOW, fill
from tests.serve.running import running

pytestmark = pytest.mark.integration


@pytest.fixture
def filled(hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> TestHub:
    """A hub whose users nothing refreshes."""
    monkeypatch.setenv("HZMETRICS_NOW", NOW)
    monkeypatch.setenv("HZMETRICS_ACTIVITY_ENABLED", "no")
    fill(hub.store, 300)
    return hub


def memory() -> int:
    """Bytes that this process uses."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def test_two_hundred_readers_at_once(filled: TestHub, tmp_path: Path) -> None:
    paths = [f"/api/activity?derived=1&limit={limit}" for limit in (0, 1, 100)]
    paths += ["/admin/stats", "/admin/anomalies", "/metrics", "/api/activity/table?search=user0000"]
    with running(filled.store, filled.settings, tmp_path) as server, ThreadPoolExecutor(200) as readers:
        expected = {path: server.ask(path).body for path in paths}

        def read(number: int) -> bool:
            path = paths[number % len(paths)]
            answer = server.ask(path)
            return answer.status == 200 and answer.body == expected[path]

        assert all(readers.map(read, range(400)))
        before = memory()
        assert all(readers.map(read, range(1000)))
        assert memory() - before < 100 << 20


def test_the_same_document_is_computed_once_for_all(
    filled: TestHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[int] = []
    show = monitor.show

    def slowly(*given: object) -> object:
        computed.append(1)
        time.sleep(0.3)
        return show(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(monitor, "show", slowly)
    with running(filled.store, filled.settings, tmp_path) as server, ThreadPoolExecutor(30) as readers:
        bodies = set(readers.map(lambda number: server.ask("/api/activity").body, range(30)))
    assert (len(computed), len(bodies)) == (1, 1)


def test_a_reset_is_seen_at_once_and_by_another_server(filled: TestHub, tmp_path: Path) -> None:
    store = Store(filled.settings)
    (tmp_path / "other").mkdir()
    with (
        running(filled.store, filled.settings, tmp_path) as one,
        running(store, filled.settings, tmp_path / "other") as other,
    ):
        assert [server.get("/api/activity")["users"][0]["sample_count"] for server in (one, other)] == [150, 150]
        answer = one.ask("/api/activity/reset", method="POST")
        assert answer.json == {"success": True, "deleted": 372, "message": "Deleted 372 activity samples"}
        assert one.get("/api/activity")["users"][0]["sample_count"] == 0
        time.sleep(1.1)
        assert other.get("/api/activity")["users"][0]["sample_count"] == 0
        assert other.ask("/api/activity/sample?force=1", method="POST").json["success"] is True
        with other.site.live.hold("activity"):
            refused = one.ask("/api/activity/reset", method="POST")
        assert (refused.status, "is held by" in refused.json["error"]["message"]) == (409, True)
    store.close()


def test_a_database_that_goes_and_comes_back(make_hub: Callable[[str], TestHub], kind: str, tmp_path: Path) -> None:
    if kind != "mariadb":
        pytest.skip("SQLite has no server")
    hub = make_hub(kind)
    way = tmp_path / "mysqld.sock"
    real = os.environ["HZMETRICS_TEST_SOCKET"]
    way.symlink_to(real)
    hub.configuration.write_text(hub.configuration.read_text().replace(real, str(way)))
    settings = config.load(hub.configuration)
    store = Store(settings)
    with running(store, settings, tmp_path) as server:
        assert server.ask("/api/activity").status == 200
        way.unlink()
        kill_all(hub, str(settings.source.sections["db"]["metrics_db"]))
        answer = server.ask("/api/activity?limit=1")
        assert (answer.status, "cannot be reached" in answer.json["error"]["message"]) == (503, True)
        assert server.ask("/activity").status == 200
        way.symlink_to(real)
        assert server.ask("/api/activity?limit=2").status == 200
    store.close()


def kill_all(hub: TestHub, database: str) -> None:
    """Close all connections to a database but our own."""
    with hub.store.metrics.connect() as connection:
        own = connection.exec_driver_sql("SELECT CONNECTION_ID()").scalar()
        for row in connection.exec_driver_sql("SHOW PROCESSLIST").all():
            if row[3] == database and row[0] != own:
                connection.exec_driver_sql(f"KILL {int(row[0])}")


@contextmanager
def silent(path: Path) -> Iterator[None]:
    """A socket at which somebody listens who never answers."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(100)
        yield


def test_a_hub_and_a_docker_that_do_not_answer_delay_no_page(
    filled: TestHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as mute, silent(tmp_path / "docker.sock"):
        monkeypatch.setenv("JUPYTERHUB_API_URL", f"http://127.0.0.1:{mute.getsockname()[1]}/hub/api")
        monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "t")
        monkeypatch.setenv("HZMETRICS_ACTIVITY_ENABLED", "yes")
        monkeypatch.setenv("HZMETRICS_JUPYTERHUB_DOCKER_SOCKET", str(tmp_path / "docker.sock"))

        def accept() -> None:
            mute.accept()
            asked.set()

        threading.Thread(target=accept, daemon=True).start()
        with running(filled.store, filled.settings, tmp_path) as server:
            begun = time.monotonic()
            for limit in (1, 2, 3):
                assert len(server.get(f"/api/activity?limit={limit}")["users"]) == limit
            assert asked.wait(10)
            assert time.monotonic() - begun < 5


def test_events_are_read_while_somebody_looks(hub: TestHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = hub.root / "logs/hubzero/cmsauth.log"
    log.parent.mkdir(parents=True)
    log.write_text("2026-03-10 11:59:30 1001 [ann] 198.51.100.7 login\n")
    monkeypatch.setenv("HZMETRICS_NOW", NOW)
    monkeypatch.setenv("HZMETRICS_FOLLOW_TIMEZONE", "UTC")
    with running(hub.store, hub.settings, tmp_path) as server:
        server.get("/admin/activities")
        deadline = time.monotonic() + 10
        while not (found := server.get("/admin/activities")) and time.monotonic() < deadline:
            time.sleep(0.3)
        assert found == {"1": ["2026-03-10T11:59:30", "successful_logins"]}
        assert hub.store.metrics.scalar(sa.select(sa.func.count()).select_from(events)) == 1
