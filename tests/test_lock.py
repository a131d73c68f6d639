"""One holder at a time, and no lock survives its holder (spec 65 §6)."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from hzmetrics import lock
from hzmetrics.config import Settings
from hzmetrics.errors import HzmetricsError, LockHeld
from tests.conftest import TestHub

HOLDER = (
    "import sys, time; from hzmetrics import config, lock\n"
    "with lock.hold(config.load()): print('held', flush=True); time.sleep(60)"
)


@pytest.fixture
def settings(make_hub: Callable[[str], TestHub]) -> Settings:
    return make_hub("sqlite").settings


def path(settings: Settings) -> Path:
    return settings.paths.state / lock.RUN


def test_a_second_holder_is_refused_and_told_who_has_it(settings: Settings) -> None:
    with lock.hold(settings):
        content = path(settings).read_text().split()
        assert content[0] == str(os.getpid()) and content[1].isdigit() and len(content) == 3
        assert stat.S_IMODE(path(settings).stat().st_mode) == 0o644
        with pytest.raises(LockHeld, match=f"held by process {os.getpid()}"), lock.hold(settings):
            pass
        with lock.hold(settings, lock.ONLINE):
            pass
    assert not path(settings).exists()


def test_a_killed_holder_leaves_no_lock(settings: Settings) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(LockHeld), lock.hold(settings):
        pass
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert path(settings).exists()
    with lock.hold(settings):
        assert path(settings).read_text().startswith(f"{os.getpid()} ")


@pytest.mark.parametrize("content", ["", "nonsense", "1 2 3", "999999 1 2020-01-01T00:00:00.000+00:00", "\xff\xfe"])
def test_a_file_left_over_is_no_obstacle(settings: Settings, content: str) -> None:
    settings.paths.state.mkdir(parents=True)
    path(settings).write_bytes(content.encode("latin-1"))
    with lock.hold(settings):
        pass
    assert not path(settings).exists()


def test_a_file_replaced_while_it_was_locked_does_not_count(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever locked the old file, removed by its holder meanwhile, starts over with the new one."""
    take = lock.lock_descriptor
    removed: list[bool] = []

    def late(descriptor: int, **options: bool) -> bool:
        taken = take(descriptor, **options)
        if not removed:
            removed.append(True)
            path(settings).unlink()
        return taken

    monkeypatch.setattr(lock, "lock_descriptor", late)
    with lock.hold(settings):
        assert removed and path(settings).exists()


def test_errors_inside_release_it(settings: Settings) -> None:
    with pytest.raises(KeyError), lock.hold(settings):
        raise KeyError
    with lock.hold(settings):
        pass


def test_a_state_directory_that_cannot_be_made(settings: Settings) -> None:
    settings.paths.home.write_text("in the way")
    with pytest.raises(HzmetricsError, match=r"as root, run: mkdir -p"), lock.hold(settings):
        pass


def test_only_the_locked_file_is_written(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whoever owns the directory puts a link in the place of the file once it is locked."""
    (tmp_path / "secret").write_text("old")
    (tmp_path / "secret").chmod(0o600)
    check = lock._names

    def late(locked: Path, file: BinaryIO) -> bool:
        found = check(locked, file)
        locked.unlink()
        locked.symlink_to(tmp_path / "secret")
        return found

    monkeypatch.setattr(lock, "_names", late)
    with lock.hold(settings):
        pass
    assert (tmp_path / "secret").read_text() == "old"
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_only_a_regular_file_is_locked(settings: Settings) -> None:
    settings.paths.state.mkdir(parents=True)
    os.mkfifo(path(settings))
    with pytest.raises(HzmetricsError, match="it is not a regular file"), lock.hold(settings):
        pass
