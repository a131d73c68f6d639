"""A real scheduler and its workers on this machine: the same results, also if a worker is killed, or a clear error."""

from __future__ import annotations

import json
import os
import pickle
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from hzmetrics.calendar import Month, Months
from hzmetrics.engine import cluster, runner
from hzmetrics.errors import HzmetricsError
from hzmetrics.lake.export import export
from hzmetrics.lake.ingest import ingest
from hzmetrics.lake.place import Place
from hzmetrics.lake.sessions import make_sessions
from hzmetrics.lake.summarize import summarize
from hzmetrics.lake.tasks import CountVisitors, Lake
from tests.conftest import TestHub
from tests.engine.test_runner import Fail, Square
from tests.lake.conftest import filled  # noqa: F401  a fixture
from tests.lake.test_logs import daily  # noqa: F401  a fixture

pytestmark = [pytest.mark.slow, pytest.mark.integration]

MONTH = Month(2024, 2)

LIFE = 5
"""Seconds without a sign of life after which the scheduler gives a worker up; 300 if nothing else is said."""


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
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": f"{LIFE} s",
        }
        command = [sys.executable, "-m", f"distributed.cli.dask_{program}", "--scheduler-file", str(self.file),
                   "--host", "127.0.0.1", *options]  # fmt: skip
        with (self.root / f"{program}.log").open("ab") as log:
            process = subprocess.Popen(command, cwd=self.root, env=environment, stdout=log, stderr=log)
        self.processes.append(process)
        return process

    def start_scheduler(self) -> None:
        self.file.unlink(missing_ok=True)
        self.start("scheduler", "--port", "0", "--no-dashboard")
        given_up = time.monotonic() + 60
        while not self.file.exists():
            assert time.monotonic() < given_up
            time.sleep(0.05)

    def start_worker(self) -> subprocess.Popen[bytes]:
        return self.start("worker", "--no-nanny", "--no-dashboard", "--nthreads", "1", "--memory-limit", "1GB")

    def kill(self, processes: Sequence[subprocess.Popen[bytes]]) -> None:
        for process in processes:
            process.kill()
            process.wait()


@pytest.fixture
def dask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dask]:
    """A scheduler with two workers."""
    found = Dask(tmp_path, [])
    try:
        found.start_scheduler()
        for _ in range(2):
            found.start_worker()
        yield found
    finally:
        found.kill(found.processes)


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


@dataclass(frozen=True)
class Summary:
    """A lake with a month to summarize, and the file of its cells as it must be."""

    root: Path
    expected: bytes

    def run(self, address: str) -> None:
        with runner.opened(scheduler=address) as chosen:
            summarize(self.root, Months(MONTH, MONTH), chosen)

    @property
    def is_right(self) -> bool:
        return Place(self.root).cells(MONTH).read_bytes() == self.expected


@pytest.fixture
def summary(filled: TestHub) -> Summary:  # noqa: F811
    root = filled.root / "lake"
    export(filled.store, filled.settings, root, Months(), 7, plain=False)
    summarize(root, Months(MONTH, MONTH), runner.Here())
    expected = Place(root).cells(MONTH).read_bytes()
    Place(root).clear("cells")
    return Summary(root, expected)


@contextmanager
def midway(root: Path, act: Callable[[], None]) -> Iterator[None]:
    """Do something as soon as the first task of a run has written its file."""
    is_done = threading.Event()

    def wait() -> None:
        while not is_done.is_set() and not list(root.glob("work/*/grouped_sessions/*/*.parquet")):
            time.sleep(0.01)
        assert not is_done.is_set()
        act()

    with ThreadPoolExecutor(1) as pool:
        acting = pool.submit(wait)
        try:
            yield
        finally:
            is_done.set()
            acting.result()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_the_numbers_are_right_if_a_worker_is_lost_or_stalls(
    dask: Dask, summary: Summary, number: signal.Signals
) -> None:
    with midway(summary.root, lambda: dask.processes[1].send_signal(number)):
        summary.run(dask.address)
    assert summary.is_right


def test_a_scheduler_that_is_restarted_midway_ends_the_run_with_an_error(dask: Dask, summary: Summary) -> None:
    with (
        pytest.raises(HzmetricsError, match="the scheduler was lost"),
        midway(summary.root, lambda: dask.kill(dask.processes[:1])),
    ):
        summary.run(dask.address)
    assert not Place(summary.root).computed()
    dask.start_scheduler()
    dask.start_worker()
    summary.run(dask.address)
    assert summary.is_right


def test_a_full_disk_of_a_worker_ends_the_run_with_an_error(dask: Dask, summary: Summary) -> None:
    dask.kill(dask.processes[1:])
    worker = dask.start_worker()
    resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, (1500, 1500))
    with pytest.raises(HzmetricsError, match=r"cannot write .*File too large"):
        summary.run(dask.address)
    assert not Place(summary.root).computed()
    dask.kill([worker])
    dask.start_worker()
    summary.run(dask.address)
    assert summary.is_right


def test_logs_are_ingested_as_in_one_process(
    dask: Dask,
    make_hub: Callable[[str], TestHub],
    daily: list[Path],  # noqa: F811
) -> None:
    hub = make_hub("sqlite")
    lakes = []
    for address in ("", dask.address):
        lakes.append(hub.root / f"lake-{len(lakes)}")
        with runner.opened(1, address) as chosen:
            ingest(hub.settings, lakes[-1], daily, chosen, 3, plain=False)
            make_sessions(hub.settings, lakes[-1], None, chosen)
    here, there = ({path.relative_to(lake): path.read_bytes() for path in lake.rglob("*.parquet")} for lake in lakes)
    assert len(here) > 20
    assert here == there


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
