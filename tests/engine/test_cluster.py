"""A real scheduler and its workers on this machine: the same results, also if a worker is killed, or a clear error."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hzmetrics.calendar import Month, Months
from hzmetrics.engine import cluster, runner
from hzmetrics.errors import HzmetricsError
from hzmetrics.lake.export import export
from hzmetrics.lake.place import Place
from hzmetrics.lake.summarize import summarize
from hzmetrics.lake.tasks import CountVisitors, Lake
from tests.conftest import TestHub
from tests.engine.test_runner import Fail, Square
from tests.lake.conftest import filled  # noqa: F401  a fixture

pytestmark = [pytest.mark.slow, pytest.mark.integration]


@dataclass(frozen=True)
class Other:
    """A task of another version."""

    def __call__(self) -> None:
        raise AssertionError


@dataclass
class Dask:
    """A scheduler and workers, as processes of their own."""

    root: Path
    processes: list[subprocess.Popen[bytes]]

    @property
    def file(self) -> Path:
        return self.root / "scheduler.json"

    @property
    def address(self) -> str:
        return str(json.loads(self.file.read_text())["address"])

    def start(self, program: str, *options: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        command = [sys.executable, "-m", f"distributed.cli.dask_{program}", "--scheduler-file", str(self.file),
                   "--host", "127.0.0.1", *options]  # fmt: skip
        with (self.root / f"{program}.log").open("ab") as log:
            process = subprocess.Popen(command, cwd=self.root, env=environment, stdout=log, stderr=log)
        self.processes.append(process)
        return process

    def start_worker(self) -> subprocess.Popen[bytes]:
        return self.start("worker", "--no-nanny", "--no-dashboard", "--nthreads", "1", "--memory-limit", "1GB")


@pytest.fixture
def dask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dask]:
    """A scheduler with two workers."""
    found = Dask(tmp_path, [])
    try:
        found.start("scheduler", "--port", "0", "--no-dashboard")
        given_up = time.monotonic() + 60
        while not found.file.exists():
            assert time.monotonic() < given_up
            time.sleep(0.05)
        for _ in range(2):
            found.start_worker()
        yield found
    finally:
        for process in found.processes:
            process.kill()
            process.wait()


def test_results_errors_and_versions(dask: Dask, monkeypatch: pytest.MonkeyPatch) -> None:
    with runner.opened(scheduler=dask.address) as chosen:
        assert chosen.map([Square(number) for number in range(5)]) == [0, 1, 4, 9, 16]
        with pytest.raises(HzmetricsError, match=r"^this task cannot be done$"):
            chosen.map([Square(1), Fail()])
        with (
            monkeypatch.context() as patch,
            pytest.raises(HzmetricsError, match=r"worker .* has hzmetrics .*, not 0\.1"),
        ):
            patch.setattr(cluster, "__version__", "0.1")
            chosen.map([Other()])


def test_the_numbers_are_right_if_a_worker_is_killed(dask: Dask, filled: TestHub) -> None:  # noqa: F811
    root, month = filled.root / "lake", Month(2024, 2)
    export(filled.store, filled.settings, root, Months(), 7, plain=False)
    summarize(root, Months(month, month), runner.Here())
    expected = Place(root).cells(month).read_bytes()
    Place(root).clear("cells")

    is_done = threading.Event()

    def kill_one() -> None:
        while not is_done.is_set() and not list(root.glob("work/*/grouped_sessions/*/*.parquet")):
            time.sleep(0.01)
        assert not is_done.is_set()
        dask.processes[1].kill()

    killer = threading.Thread(target=kill_one)
    killer.start()
    with runner.opened(scheduler=dask.address) as chosen:
        summarize(root, Months(month, month), chosen)
    is_done.set()
    killer.join()
    assert dask.processes[1].poll() == -signal.SIGKILL
    assert Place(root).cells(month).read_bytes() == expected


def test_a_cluster_that_is_lost_is_an_error(dask: Dask, monkeypatch: pytest.MonkeyPatch) -> None:
    address = dask.address
    with runner.opened(scheduler=address) as chosen:
        assert chosen.map([Square(2)]) == [4]
        monkeypatch.setattr(cluster, "PATIENCE", 3.0)
        for worker in dask.processes[1:]:
            worker.kill()
        with pytest.raises(HzmetricsError, match="the scheduler has no workers"):
            chosen.map([Square(3)])
        dask.processes[0].kill()
        with pytest.raises(HzmetricsError, match="the scheduler was lost"):
            chosen.map([Square(3)])
    with pytest.raises(HzmetricsError, match="cannot reach the scheduler"), runner.opened(scheduler=address):
        pass


def test_workers_get_no_password() -> None:
    lake = Lake(Place(Path("/lake")), Place(Path("/lake")), 2, frozenset({"half-up"}))
    task = pickle.dumps(CountVisitors(lake, Month(2024, 2), (1,), (Month(2024, 2),), 0))
    assert b"hzmetrics.config" not in task and b"hzmetrics.store" not in task


def test_dask_is_not_imported_without_a_scheduler() -> None:
    code = "import sys, hzmetrics.cli.lake, hzmetrics.engine.runner, hzmetrics.lake.summarize; " \
           "sys.exit(any(name in sys.modules for name in ('dask', 'distributed', 'tornado')))"  # fmt: skip
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
