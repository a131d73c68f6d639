"""A watch outlives the database (spec 84)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from hzmetrics.store.tables.live import events
from tests import mariadb_server
from tests.conftest import TestHub
from tests.pipeline.test_convergence import OwnServer
from tests.pipeline.test_failures import wait_for


def add(log: Path, user: str) -> None:
    with log.open("a") as file:
        file.write(f"2026-02-03 10:00:00 7 [{user}] 198.51.100.7 login\n")


@pytest.mark.slow
@pytest.mark.mariadb
def test_a_database_that_is_restarted_meanwhile_gets_every_event_once(
    make_hub: Callable[[str], TestHub], monkeypatch: pytest.MonkeyPatch
) -> None:
    if mariadb_server.server_program() is None:
        pytest.skip("MariaDB is not installed")
    monkeypatch.setenv("HZMETRICS_NOW", "2026-02-03T10:00:30Z")
    with mariadb_server.running() as socket:
        server = OwnServer(socket)
        monkeypatch.setenv(mariadb_server.SOCKET, socket)
        hub = make_hub("mariadb")
        log = hub.root / "cmsauth.log"
        with hub.configuration.open("a") as configuration:
            configuration.write(f"[follow]\nauth_logs = {log}\ntimezone = UTC\n")

        def stored() -> int:
            return hub.store.metrics.scalar(sa.select(sa.func.count()).select_from(events)) or 0

        add(log, "a")
        watch = subprocess.Popen([sys.executable, "-m", "hzmetrics", "events", "watch"], stderr=subprocess.PIPE)
        try:
            wait_for(lambda: stored() == 1)
            with server.stopped():
                add(log, "b")
                wait_for(lambda: "trying again" in (hub.root / "log.txt").read_text())
            add(log, "c")
            hub.store.close()
            wait_for(lambda: stored() == 3)
        finally:
            watch.terminate()
            messages = watch.communicate()[1].decode()
            if server.process:
                server.process.terminate()
                server.process.wait(60)
        assert watch.returncode == 0
        assert "Traceback" not in messages
