"""Hubs for the tests: an empty pair of databases on each store, with a configuration and a command line.

MariaDB tests use the server whose socket is in HZMETRICS_TEST_SOCKET (`make test` starts it); without one they are
skipped. Tests that use a hub are marked `integration`; the rest is the fast unit part.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import hypothesis
import pytest
from hypothesis import HealthCheck

from hzmetrics import config
from hzmetrics.cli import main
from hzmetrics.config import schema
from hzmetrics.store import Store
from tests.databases import Databases
from tests.mariadb_server import SOCKET, roomy_memory

NOTHING_COMES = f"[freshness]\n{''.join(f'{key} = 0{chr(10)}' for key in schema.Freshness.keys)}"
"""For the configuration of hubs that no cron calls and whose logs are old."""

hypothesis.settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.settings.load_profile("any machine")

STORES = ("sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb))


def pytest_configure(config: pytest.Config) -> None:
    """Work in memory if there is room, unless `--basetemp` says where: most tests make and remove many files."""
    room = roomy_memory()
    if room and not config.option.basetemp and not hasattr(config, "workerinput"):
        config.option.basetemp = tempfile.mkdtemp(prefix="hzmetrics-tests-", dir=room)
        config.add_cleanup(partial(shutil.rmtree, config.option.basetemp, ignore_errors=True))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "make_hub" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.integration)


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests leave this machine's own directories alone."""
    for variable, place in (("HOME", "home"), ("LOG", "log.txt"), ("LOG_ROOT", "logs")):
        monkeypatch.setenv(f"HZMETRICS_{variable}", str(tmp_path / place))
    monkeypatch.delenv("HZMETRICS_CONFIG", raising=False)


@dataclass
class TestHub:
    """An invented hub: its configuration, both databases with their empty tables, and a place for logs and state."""

    __test__ = False

    kind: str
    root: Path
    settings: config.Settings
    store: Store

    @property
    def configuration(self) -> Path:
        return self.root / "hzmetrics.conf"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "HZMETRICS_CONFIG": str(self.configuration),
            "HZMETRICS_HOME": str(self.root / "home"),
            "HZMETRICS_LOG": str(self.root / "log.txt"),
            "HZMETRICS_LOG_ROOT": str(self.root / "logs"),
        }

    def run(self, *arguments: str) -> int:
        """Run one command line in this process; its exit code."""
        return main(arguments)


def configure(kind: str, root: Path, name: str) -> str:
    """The text of a configuration for a hub on one of the stores."""
    lines = ["[hub]", "site = parity", f"hub_dir = {root / 'hubroot'}", "", "[db]"]
    if kind == "sqlite":
        lines += [f"sqlite = {root / 'db'}"]
    else:
        lines += ["host = localhost", f"socket = {os.environ[SOCKET]}", "user = root", "password =",
                  f"hub_db = {name}_hub", f"metrics_db = {name}_metrics"]  # fmt: skip
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="session")
def database_name() -> str:
    """A prefix for databases that no other test process uses."""
    return f"hzt_{os.getpid()}"


@pytest.fixture(params=STORES)
def kind(request: pytest.FixtureRequest) -> str:
    """The store under test."""
    if request.param == "mariadb" and SOCKET not in os.environ:
        pytest.skip(f"no MariaDB server: {SOCKET} is not set (make test starts one)")
    return str(request.param)


@pytest.fixture(scope="session")
def databases(database_name: str) -> Databases:
    """The databases of this process on MariaDB."""
    return Databases(database_name)


@pytest.fixture
def make_hub(
    tmp_path: Path, database_name: str, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], TestHub]]:
    """Makes a hub on a given store: databases, tables, configuration, environment."""
    made: list[TestHub] = []

    def make(kind: str) -> TestHub:
        root = tmp_path / kind
        (root / "hubroot/app/site/stats/maps").mkdir(parents=True)
        path = root / "hzmetrics.conf"
        path.write_text(configure(kind, root, database_name), encoding="utf-8")
        path.chmod(0o600)
        environment = {
            "HZMETRICS_CONFIG": str(path), "HZMETRICS_HOME": str(root / "home"),
            "HZMETRICS_LOG": str(root / "log.txt"), "HZMETRICS_LOG_ROOT": str(root / "logs"),
        }  # fmt: skip
        for key, value in environment.items():
            monkeypatch.setenv(key, value)
        settings = config.load(path)
        store = Store(settings)
        if kind == "mariadb":
            databases.empty(store)
        hub = TestHub(kind, root, settings, store)
        made.append(hub)
        return hub

    yield make
    for hub in made:
        hub.store.close()


@pytest.fixture
def hub(kind: str, make_hub: Callable[[str], TestHub]) -> TestHub:
    """An empty hub, once on each store."""
    return make_hub(kind)
