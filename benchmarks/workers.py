"""Many workers: what the stages from logs to cells cost with some numbers of workers, and what they write.

    python -m benchmarks.scale --workers 1,2
    python -m benchmarks.workers --workers 1,2 --logs 24 --lines 100000 --months 3 --dask

Invented logs of a hub are ingested into a lake, made into sessions and summarized, anew for each number of workers:
processes of this machine, or with `--dask` workers of a Dask scheduler that is started for it, with one thread each. A
stage is what the driver gives to its workers together. Printed are its tasks, its seconds by the clock, the processor
seconds of all workers, and the bytes of the files that its tasks left. The efficiency of n workers is the time of the
first number of workers, times that number, divided by n times their own: workers that share a core cannot reach 1. At
last, what an empty task costs.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar

import psutil

from benchmarks.traffic import write
from hzmetrics import config
from hzmetrics.calendar import Month, Months
from hzmetrics.engine import runner
from hzmetrics.engine.runner import Runner
from hzmetrics.lake.ingest import ingest
from hzmetrics.lake.sessions import make_sessions
from hzmetrics.lake.summarize import summarize

R = TypeVar("R")

LAST = Month(2025, 6)

EMPTY_TASKS = 500

MB = 1_000_000


class Stage(NamedTuple):
    """What a stage cost."""

    name: str
    tasks: int
    seconds: float
    core_seconds: float
    written: int
    """Bytes."""


@dataclass(frozen=True)
class Nothing:
    """The empty task."""

    number: int

    def __call__(self) -> int:
        return self.number


class Measured:
    """A runner that measures what it is given."""

    def __init__(self, measured: Runner, lake: Path) -> None:
        self._runner = measured
        self._lake = lake
        self.stages: list[Stage] = []

    def map(self, tasks: Sequence[Callable[[], R]]) -> list[R]:
        before, begun, cpu = _files(self._lake), time.perf_counter(), _core_seconds()
        results = self._runner.map(tasks)
        seconds, core_seconds = time.perf_counter() - begun, _core_seconds() - cpu
        written = sum(size for file, size in _files(self._lake).items() if file not in before)
        names = " and ".join(dict.fromkeys(type(task).__name__ for task in tasks))
        self.stages.append(Stage(names, len(tasks), seconds, core_seconds, written))
        return results


def _files(directory: Path) -> dict[tuple[Path, int], int]:
    """The sizes of files, by path and time."""
    found = [(path, path.stat()) for path in directory.rglob("*.parquet")]
    return {(path, status.st_mtime_ns): status.st_size for path, status in found}


def _core_seconds() -> float:
    """Processor seconds of this process and those that it began."""
    here = psutil.Process()
    times = [process.cpu_times() for process in (here, *here.children(recursive=True))]
    return sum(spent.user + spent.system for spent in times)


@contextmanager
def opened(workers: int, is_dask: bool) -> Iterator[Runner]:
    """A runner with so many workers, on this machine."""
    if not is_dask:
        with runner.opened(workers) as chosen:
            yield chosen
        return
    from distributed import LocalCluster

    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster,
        runner.opened(scheduler=cluster.scheduler_address) as chosen,
    ):
        yield chosen


def compare(
    workers: Sequence[int], logs: int = 24, lines: int = 100_000, months: int = 3, is_dask: bool = False
) -> None:
    """Print the stages of a lake with some numbers of workers."""
    with tempfile.TemporaryDirectory(prefix="hzmetrics-benchmark-") as folder:
        root = Path(folder)
        paths = [root / f"access.log-{number}" for number in range(logs)]
        total = sum(
            write(path, lines, LAST.plus(-(number % months)), seed=number + 1, fields=23).lines
            for number, path in enumerate(paths)
        )
        size = sum(path.stat().st_size for path in paths)
        print(f"{total:,} lines ({size / MB:.0f} MB) of {months} months in {logs} logs; {os.cpu_count()} cores")
        alone: dict[str, float] = {}
        for number in workers:
            lake = root / f"lake-{number}"
            stages, empty = _stages(root, lake, paths, number, is_dask)
            kind = "workers of Dask" if is_dask else "processes"
            print(f"{kind}: {number}\n  {'stage':<32}{'tasks':>6}{'s':>9}{'core-s':>9}{'MB':>9}{'efficiency':>12}")
            for stage in (*stages, _sum(stages)):
                alone.setdefault(stage.name, stage.seconds * number)
                efficiency = alone[stage.name] / stage.seconds / number
                print(
                    f"  {stage.name:<32}{stage.tasks:>6}{stage.seconds:>9.2f}{stage.core_seconds:>9.2f}"
                    f"{stage.written / MB:>9.1f}{efficiency:>12.2f}"
                )
            print(f"  an empty task: {empty * 1000:.2f} ms")


def _stages(root: Path, lake: Path, logs: Sequence[Path], workers: int, is_dask: bool) -> tuple[list[Stage], float]:
    """What the stages of a new lake cost, and the seconds of an empty task."""
    environment = {"HZMETRICS_HOME": str(root / "home")}
    settings = config.build(config.Source(sections={"hub": {"site": "benchmark"}}, environment=environment))
    with opened(workers, is_dask) as chosen:
        chosen.map([Nothing(number) for number in range(2 * workers)])  # the processes begin with the first tasks
        measured = Measured(chosen, lake)
        ingest(settings, lake, logs, measured, None, plain=False)
        make_sessions(settings, lake, None, measured)
        summarize(lake, Months(), measured)
        begun = time.perf_counter()
        chosen.map([Nothing(number) for number in range(EMPTY_TASKS)])
        return measured.stages, (time.perf_counter() - begun) / EMPTY_TASKS


def _sum(stages: Sequence[Stage]) -> Stage:
    _, tasks, seconds, core_seconds, written = zip(*stages, strict=True)
    return Stage("in all", sum(tasks), sum(seconds), sum(core_seconds), sum(written))


def numbers(text: str) -> list[int]:
    """Numbers of workers, separated by commas."""
    return [int(number) for number in text.split(",")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=numbers, default=[1, 2], metavar="N,N")
    parser.add_argument("--logs", type=int, default=24)
    parser.add_argument("--lines", type=int, default=100_000, help="of a log (default: %(default)s)")
    parser.add_argument("--months", type=int, default=3)
    parser.add_argument("--dask", action="store_true", help="use workers of Dask")
    options = parser.parse_args()
    compare(options.workers, options.logs, options.lines, options.months, options.dask)


if __name__ == "__main__":
    main()
