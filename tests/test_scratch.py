"""Temporary files of living processes stay, those of killed ones go with the next run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hzmetrics.scratch import Scratch
from tests.conftest import TestHub

HOLDER = "import time; from hzmetrics.scratch import Scratch; s = Scratch(); print(s.name, flush=True); time.sleep(60)"


def test_it_is_gone_at_its_end() -> None:
    with Scratch() as directory:
        (Path(directory) / "rows").touch()
    assert not Path(directory).exists()


def test_a_run_removes_what_killed_processes_left(
    make_hub: Callable[[str], TestHub], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = make_hub("sqlite")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    holders = [
        subprocess.Popen([sys.executable, "-c", HOLDER], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    killed, living, fresh = [Path(holder.stdout.readline().strip()) for holder in holders if holder.stdout]
    for place in (0, 2):
        holders[place].kill()
        holders[place].wait()
    for old in (killed, living):
        os.utime(old, (0, 0))
    assert hub.run("run") == 0
    assert (killed.exists(), living.exists(), fresh.exists()) == (False, True, True)
    holders[1].kill()
    holders[1].wait()
