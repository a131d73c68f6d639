"""What `init`, run by root, gives to the service user: what it has made, and never what a link leads to."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hzmetrics import config
from hzmetrics.installation import directories
from tests.conftest import TestHub

NOBODY = 65534

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


@pytest.fixture
def hub(make_hub: Callable[[str], TestHub], monkeypatch: pytest.MonkeyPatch) -> TestHub:
    monkeypatch.setattr(directories, "service_user", lambda: "nobody")
    return make_hub("sqlite")


def owner(path: Path) -> int:
    return path.lstat().st_uid


@pytest.fixture
def staging(hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of the log, as it is by default."""
    monkeypatch.delenv("HZMETRICS_LOG")
    return config.Paths.of(os.environ).staging


def begin(staging: Path, uid: int) -> Path:
    """A directory of the log that is there before `init`; returns the log file."""
    staging.mkdir(parents=True)
    os.chown(staging, uid, uid)
    return staging / "manage.log"


def test_links_of_the_service_user(hub: TestHub, staging: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret = hub.root / "secret"
    secret.touch()
    log = begin(staging, NOBODY)
    log.symlink_to(secret)
    os.lchown(log, NOBODY, NOBODY)
    assert hub.run("init") == 0
    assert owner(secret) == 0 and not secret.read_text()
    assert "is not root's, so root does not follow it" in capsys.readouterr().err


@pytest.mark.parametrize("uid", [0, NOBODY])
def test_second_names(hub: TestHub, staging: Path, capsys: pytest.CaptureFixture[str], uid: int) -> None:
    secret = hub.root / "secret"
    secret.touch()
    begin(staging, uid).hardlink_to(secret)
    assert hub.run("init") == 0
    assert owner(secret) == 0 and not secret.read_text()
    assert f"if it is the log, as root: chown -h nobody {staging}/manage.log" in capsys.readouterr().err


def test_a_file_of_root_in_a_directory_of_the_service_user(
    hub: TestHub, staging: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The owner of the directory may have given the name of the log to it."""
    log = begin(staging, NOBODY)
    log.touch()
    assert hub.run("init") == 0
    assert owner(log) == 0
    assert f"chown -h nobody {log}" in capsys.readouterr().err


def test_what_another_command_of_root_has_begun(hub: TestHub, staging: Path) -> None:
    log = begin(staging, 0)
    log.touch()
    assert hub.run("init") == 0
    assert (owner(staging), owner(log)) == (NOBODY, NOBODY)


def test_a_directory_that_is_not_ours(hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = hub.root / "var/log"
    shared.mkdir(parents=True)
    monkeypatch.setenv("HZMETRICS_LOG", str(shared / "hzmetrics.log"))
    assert hub.run("init") == 0
    assert (owner(shared), owner(shared / "hzmetrics.log")) == (0, NOBODY)


def test_a_directory_that_init_makes(hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    log = hub.root / "var/log/hub/hzmetrics.log"
    monkeypatch.setenv("HZMETRICS_LOG", str(log))
    assert hub.run("init") == 0
    assert (owner(log.parent.parent), owner(log.parent), owner(log)) == (0, NOBODY, NOBODY)


@pytest.mark.parametrize("exists", [False, True])
def test_a_database_that_is_a_link(hub: TestHub, capsys: pytest.CaptureFixture[str], exists: bool) -> None:
    secret = hub.root / "secret"
    if exists:
        secret.touch()
    hub.store.close()
    state = hub.root / "db"
    state.mkdir(exist_ok=True)
    database = state / "metrics.db"
    database.unlink(missing_ok=True)
    os.chown(state, NOBODY, NOBODY)
    database.symlink_to(secret)
    os.lchown(database, NOBODY, NOBODY)
    assert hub.run("init") == 1
    assert f"{database}: the link metrics.db on the way is not root's" in capsys.readouterr().err
    assert secret.exists() == exists and (not exists or not secret.stat().st_size)
    os.lchown(database, 0, 0)
    assert hub.run("init") == 0
    assert secret.stat().st_size
