"""Whatever happens on the way, all six periods of every month end as if everything had been there from the start."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path

import pymysql
import pytest
import sqlalchemy as sa

from hzmetrics.calendar import Window
from hzmetrics.grids.comparison import differences
from hzmetrics.store.tables import metrics
from tests import mariadb_server
from tests.conftest import TestHub
from tests.enrich.dns_server import DnsServer, name, serve
from tests.pipeline.conftest import MakeDisk
from tests.pipeline.scenario import LOG_DIRS, log_text
from tests.pipeline.test_failures import wait_for

GRIDS = (metrics.summary_user_vals, metrics.summary_misc_vals, metrics.summary_simusage_vals)
Cells = list[tuple[str, ...]]


def logs() -> dict[str, bytes]:
    """Two access logs and a login log for each of four months, one of them without any."""
    found = {}
    for month, days in (("2026-01", (5, 20)), ("2026-02", (3, 17)), ("2026-04", (9, 30))):
        for day in days:
            date = f"{month}-{day:02d}"
            access = f"httpd/daily/parity-access.log-{date.replace('-', '')}"
            found[access] = log_text(access, [date] * (day % 7 + 2))
        login = f"hubzero/daily/cmsauth.log-{month.replace('-', '')}{days[0]:02d}"
        found[login] = log_text(login, [f"{month}-{days[0]:02d}"] * 3)
    return found


def place(hub: TestHub, names: list[str]) -> None:
    everything = logs()
    for file in names:
        (hub.root / "logs" / file).write_bytes(everything[file])


def cells(hub: TestHub) -> Cells:
    return sorted(
        (grid.name, *(str(value) for value in row)) for grid in GRIDS for row in hub.store.metrics.rows(sa.select(grid))
    )


def prepare(hub: TestHub, names: DnsServer, monkeypatch: pytest.MonkeyPatch) -> TestHub:
    with hub.configuration.open("a", encoding="utf-8") as file:
        file.write(f"[dns]\nnameserver = {names.address}\n")
    for directory in LOG_DIRS:
        (hub.root / "logs" / directory).mkdir(parents=True)
    monkeypatch.setenv("HZMETRICS_NOW", "2026-05-19T09:30:00")
    return hub


def settle(hub: TestHub) -> None:
    """Runs until there is nothing to do: one may end in normal mode with files that came during its rebuild."""
    for _ in range(3):
        assert hub.run("run", "--all") == 0


def start(hub: TestHub, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "hzmetrics", *arguments],
        env={**os.environ, **hub.environment},
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def names() -> Iterator[DnsServer]:
    with serve(DnsServer({f"10.7.0.{n}": name(f"host{n}.example.edu") for n in range(1, 9)})) as server:
        yield server


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.torture) for seed in range(1, 10))])
def test_any_order_kills_and_commands_end_in_the_same_cells(
    seed: int, tmp_path: Path, make_hub: Callable[[str], TestHub], names: DnsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    hub = prepare(make_hub("sqlite"), names, monkeypatch)
    files = list(logs())
    chance.shuffle(files)
    while files:
        batch, files = files[:3], files[3:]
        place(hub, batch)
        running = start(hub, "run", "--all")
        time.sleep(chance.uniform(0.3, 6))
        running.send_signal(signal.SIGKILL)
        running.communicate()
        hub.run(*chance.choice(OPERATOR))
    settle(hub)
    disturbed = cells(hub)
    assert list(differences(hub.store, hub.settings, Window("2026-01-01 00:00:00", "2026-05-01 00:00:00"))) == []
    hub.store.close()

    (tmp_path / "sqlite").rename(tmp_path / "disturbed")
    fresh = prepare(make_hub("sqlite"), names, monkeypatch)
    place(fresh, list(logs()))
    settle(fresh)
    assert disturbed == cells(fresh)
    assert {row[3] for row in disturbed} == {f"2026-{month:02d}-00 00:00:00" for month in range(1, 5)}


OPERATOR = (
    ("mark-dirty", "2026-02", "2026-03"),
    ("clear-dirty", "2026-03"),
    ("rebuild-from", "2026-01"),
    ("summarize", "--month", "2026-02"),
    ("run", "--dry-run"),
    ("tick",),
    ("status",),
)


class OwnServer:
    """A MariaDB server that can be stopped and started again."""

    def __init__(self, socket: str) -> None:
        self.socket = socket
        self.directory = Path(socket).parent
        pid = int((self.directory / "pid").read_text())
        self.command = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")[:-1]
        self.process: subprocess.Popen[bytes] | None = None

    def connection(self) -> pymysql.Connection:
        return pymysql.connect(unix_socket=self.socket, user="root", database="mysql", autocommit=True)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Meanwhile the server is down."""
        os.kill(int((self.directory / "pid").read_text()), signal.SIGTERM)
        if self.process:
            self.process.wait(60)
        wait_for(lambda: not Path(self.socket).exists())
        try:
            yield
        finally:
            self.process = subprocess.Popen(self.command)
            mariadb_server.wait(self.socket, self.process)


@pytest.fixture(scope="module")
def server() -> Iterator[OwnServer]:
    if mariadb_server.server_program() is None:
        pytest.skip("MariaDB is not installed")
    with mariadb_server.running(("--innodb-temp-data-file-path=ibtmp1:12M:autoextend:max:12M",)) as socket:
        own = OwnServer(socket)
        yield own
        if own.process and own.process.poll() is None:
            own.process.terminate()
            own.process.wait(60)


@pytest.mark.slow
@pytest.mark.mariadb
@pytest.mark.parametrize(
    "stage",
    [
        "reading",
        "logfix-session",
        "summarize-month",
        *(
            pytest.param(stage, marks=pytest.mark.torture)
            for stage in ("resolve-dns metrics web", "rebuild-webhits", "walk")
        ),
    ],
)
def test_a_database_stopped_in_a_stage_and_started_again(
    stage: str,
    server: OwnServer,
    make_hub: Callable[[str], TestHub],
    names: DnsServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(mariadb_server.SOCKET, server.socket)
    hub = prepare(make_hub("mariadb"), names, monkeypatch)
    place(hub, list(logs()))
    running = start(hub, "run", "--all")
    log = hub.root / "log.txt"
    wait_for(lambda: log.exists() and f" {stage}" in log.read_text())
    with server.stopped():
        messages = running.communicate()[1]
        assert running.returncode == 1
        last = messages.splitlines()[-1]
        assert "database: " in last or f"database server at {server.socket}: " in last
        assert "Traceback" not in messages
        assert hub.run("status") == 1
        assert hub.run("tick") == 1
    settle(hub)
    assert not hub.store.metrics.rows(sa.text("SELECT v FROM pipeline_state WHERE k = 'bad_files' AND v LIKE '%path%'"))
    rows = hub.store.metrics.scalar(sa.text("SELECT COUNT(*) FROM web"))
    assert rows == sum(data.count(b"\n") for file, data in logs().items() if file.startswith("httpd"))
    found = {(row[3], row[4]) for row in cells(hub)}
    assert found == {(f"2026-{month:02d}-00 00:00:00", str(p)) for month in range(1, 5) for p in (0, 1, 3, 12, 13, 14)}


@contextmanager
def no_temporary_files(server: OwnServer, make_disk: MakeDisk) -> Iterator[None]:
    """Meanwhile there is no room for what the server sorts and gathers, and it does so in files only."""
    disk = make_disk(server.directory / "tmp")
    disk.fill()
    with server.connection() as connection:
        connection.cursor().execute("SET GLOBAL tmp_memory_table_size = 0")
        yield
        connection.cursor().execute("SET GLOBAL tmp_memory_table_size = DEFAULT")
    disk.free()


@contextmanager
def no_temporary_tables(server: OwnServer, make_disk: MakeDisk) -> Iterator[None]:
    """Meanwhile somebody else's temporary tables, a large one and small ones, take all the room for them."""
    with server.connection() as connection, connection.cursor() as cursor:
        for rows in (100_000, 1):
            with pytest.raises(pymysql.err.OperationalError, match="is full"):
                for number in count():
                    table = f"ballast_{rows}_{number}"
                    cursor.execute(f"CREATE TEMPORARY TABLE {table} (text VARCHAR(1000)) ENGINE = InnoDB")
                    for _ in range(0, rows, 100):
                        cursor.execute(f"INSERT INTO {table} SELECT REPEAT('x', 1000) FROM seq_1_to_{min(rows, 100)}")
        yield


@pytest.mark.mariadb
@pytest.mark.parametrize(
    ("without", "complaint"),
    [
        (no_temporary_files, "socket: the server's disk is full (Disk got full writing"),
        (no_temporary_tables, "metrics database: a table, or the disk of the server, is full (The table"),
    ],
    ids=["files", "tables"],
)
def test_a_server_without_temporary_space(
    without: Callable[[OwnServer, MakeDisk], AbstractContextManager[None]],
    complaint: str,
    server: OwnServer,
    make_hub: Callable[[str], TestHub],
    make_disk: MakeDisk,
    names: DnsServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(mariadb_server.SOCKET, server.socket)
    hub = prepare(make_hub("mariadb"), names, monkeypatch)
    place(hub, [log for log in logs() if "202601" in log])
    with without(server, make_disk):
        assert hub.run("run") == 1
        said = capsys.readouterr().err
        assert complaint in said.splitlines()[-1] and "Traceback" not in said
    assert hub.run("run") == 0
    assert hub.store.metrics.scalar(sa.text("SELECT COUNT(*) FROM web")) == 15
    assert {(row[3], row[4]) for row in cells(hub)} == {("2026-01-00 00:00:00", "1")}
