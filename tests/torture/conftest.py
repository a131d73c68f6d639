"""Hubs that are made once and tormented many times."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.enrich.dns_server import DnsServer, serve
from tests.mariadb_server import SOCKET
from tests.torture.hubs import Hub


@contextmanager
def making(kind: str, base: Path, socket: str = "") -> Iterator[Hub]:
    """A hub that was just invented; `socket` is that of its MariaDB server."""
    with serve(DnsServer()) as names:
        hub = Hub(kind, base, names.address, f"hzt_{os.getpid()}_torture", socket)
        hub.invent()
        try:
            yield hub
        finally:
            hub.drop()
            shutil.rmtree(base, ignore_errors=True)


@pytest.fixture(scope="session")
def sqlite_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with making("sqlite", tmp_path_factory.mktemp("torture-sqlite")) as hub:
        yield hub


@pytest.fixture(scope="session")
def mariadb_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with making("mariadb", tmp_path_factory.mktemp("torture-mariadb"), os.environ[SOCKET]) as hub:
        yield hub


@pytest.fixture
def tormented(kind: str, request: pytest.FixtureRequest) -> Hub:
    """The hub on the store under test."""
    if kind == "mariadb" and SOCKET not in os.environ:
        pytest.skip(f"no MariaDB server: {SOCKET} is not set (make test starts one)")
    hub: Hub = request.getfixturevalue(f"{kind}_hub")
    return hub
