"""What a tick or run prepares first."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from hzmetrics.errors import ConfigurationError
from hzmetrics.installation import bootstrap
from hzmetrics.store.tables import metrics
from tests.conftest import TestHub


def test_bootstrap_is_for_service_users_only(hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    home = hub.settings.paths.home
    bootstrap.bootstrap(hub.store, hub.settings)
    assert not home.exists()
    monkeypatch.setattr(bootstrap, "user_name", lambda: "www-data")
    with hub.store.metrics.begin() as connection:
        metrics.dns_cache.drop(connection)
    bootstrap.bootstrap(hub.store, hub.settings)
    assert all(directory.is_dir() for directory in hub.settings.paths.expected)
    assert hub.store.metrics.scalar(sa.select(sa.func.count()).select_from(metrics.dns_cache)) == 0


def test_bootstrap_with_nothing_to_do_imports_nothing_heavy(make_hub: Callable[[str], TestHub]) -> None:
    hub = make_hub("sqlite")
    assert hub.run("init") == 0
    script = (
        "import sys; from hzmetrics import config; from hzmetrics.store import Store; "
        "from hzmetrics.installation import bootstrap; "
        "bootstrap.user_name = lambda: 'apache'; settings = config.load(); "
        "bootstrap.bootstrap(Store(settings), settings); "
        "print([name for name in ('alembic', 'duckdb', 'pyarrow') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=hub.environment)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_bootstrap_says_what_it_may_not_make(
    make_hub: Callable[[str], TestHub], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = make_hub("sqlite")
    monkeypatch.setattr(bootstrap, "user_name", lambda: "apache")
    hub.settings.paths.home.parent.joinpath("home").write_text("in the way")
    with pytest.raises(ConfigurationError, match="as root, run: hzmetrics init"):
        bootstrap.bootstrap(hub.store, hub.settings)
