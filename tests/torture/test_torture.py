"""Whatever happens to an entry point, cron ends in the tables of an undisturbed run (architecture, rule 4)."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pymysql
import pytest

from tests import mariadb_server
from tests.pipeline.test_convergence import OwnServer
from tests.pipeline.test_failures import wait_for
from tests.torture.conftest import making
from tests.torture.entry_points import ENTRY_POINTS, EntryPoint
from tests.torture.hubs import Hub
from tests.torture.torment import faults, killed_at_every_boundary, killed_at_random, problems, undisturbed

pytestmark = [pytest.mark.integration, pytest.mark.slow]

torture = pytest.mark.torture


def on_stores(entries: Iterable[EntryPoint]) -> pytest.MarkDecorator:
    """Each entry point on each of its stores, with all of its tests in one process: what they find out is shared."""
    marks = {"sqlite": (), "mariadb": (pytest.mark.mariadb,)}
    found = [
        pytest.param(kind, one, id=f"{one}-{kind}", marks=[*marks[kind], pytest.mark.xdist_group(f"{one}-{kind}")])
        for one in entries
        for kind in one.stores
    ]
    return pytest.mark.parametrize(("kind", "entry"), found)


entry_points = on_stores(ENTRY_POINTS)


@on_stores([replace(one, stores=("sqlite",)) for one in ENTRY_POINTS if one.name == "live-tick"])
@pytest.mark.timeout(1800)
def test_a_sample(tormented: Hub, entry: EntryPoint) -> None:
    """One kill and one full disk; `tests/pipeline` has some of the pipeline."""
    expected = undisturbed(tormented, entry)
    for fault in ("kill", "full"):
        assert not list(problems(tormented, entry, expected, faults(tormented, fault, expected, 1)))


@on_stores([replace(one, stores=("sqlite",)) for one in ENTRY_POINTS if one.name == "publish"])
@pytest.mark.timeout(1800)
def test_a_sample_of_kills_at_every_boundary(tormented: Hub, entry: EntryPoint) -> None:
    """Those of the pages, which are quick."""
    assert not list(killed_at_every_boundary(tormented, entry, undisturbed(tormented, entry)))


@torture
@pytest.mark.timeout(0)
@entry_points
def test_kills_at_every_boundary(tormented: Hub, entry: EntryPoint) -> None:
    assert not list(killed_at_every_boundary(tormented, entry, undisturbed(tormented, entry)))


@torture
@pytest.mark.timeout(0)
@entry_points
@pytest.mark.parametrize("kind_of_fault", ["full", "short"])
def test_a_full_disk_at_every_boundary(tormented: Hub, entry: EntryPoint, kind_of_fault: str) -> None:
    expected = undisturbed(tormented, entry)
    assert not list(problems(tormented, entry, expected, faults(tormented, kind_of_fault, expected)))


@torture
@pytest.mark.timeout(0)
@entry_points
def test_kills_at_random_moments(tormented: Hub, entry: EntryPoint) -> None:
    assert not list(killed_at_random(tormented, entry, undisturbed(tormented, entry), 20))


class MortalServer(OwnServer):
    """A MariaDB server that is killed, and started again."""

    @property
    def pid(self) -> int:
        return int((self.directory / "pid").read_text())

    def revive(self) -> None:
        """Start the server if it was killed."""
        wait_for(lambda: not self._answers())
        self.process = subprocess.Popen(self.command)
        mariadb_server.wait(self.socket, self.process)

    def _answers(self) -> bool:
        try:
            self.connection().close()
        except pymysql.err.OperationalError:
            return False
        return True


@pytest.fixture(scope="module")
def server() -> Iterator[MortalServer]:
    """What it has committed outlives it, as on any server in earnest."""
    if mariadb_server.server_program() is None:
        pytest.skip("MariaDB is not installed")
    with mariadb_server.running(("--innodb-flush-log-at-trx-commit=2",)) as socket:
        own = MortalServer(socket)
        yield own
        if own.process and own.process.poll() is None:
            own.process.terminate()
            own.process.wait(60)


@torture
@pytest.mark.mariadb
@pytest.mark.timeout(0)
@pytest.mark.parametrize("entry", [one for one in ENTRY_POINTS if "mariadb" in one.stores], ids=str)
def test_the_server_killed_at_every_boundary(
    entry: EntryPoint, server: MortalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(mariadb_server.SOCKET, server.socket)
    with making("mariadb", tmp_path, server.socket) as hub:
        expected = undisturbed(hub, entry)
        found: list[str] = []
        for fault in faults(hub, "server", expected):
            found += problems(hub, entry, expected, [replace(fault, server=server.pid)], server.revive)
        assert not found
