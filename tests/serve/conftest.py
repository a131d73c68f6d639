"""One server for the tests that change nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hzmetrics import config
from hzmetrics.config.source import Source
from hzmetrics.store import Store
from tests.chromium import browser, chromium  # noqa: F401
from tests.serve.running import Running, running


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An empty hub on SQLite, behind a web server that names its users."""
    root = tmp_path_factory.mktemp("serve")
    environment = {"HZMETRICS_HOME": str(root / "home"), "HZMETRICS_LOG_ROOT": str(root / "logs")}
    settings = config.build(Source(root / "conf", {"hub": {"site": "nano"}}, environment=environment))
    store = Store(settings)
    with running(store, settings, root, trusted_proxies="127.0.0.1", admins="root", base_path="/hub") as started:
        yield started
    store.close()
