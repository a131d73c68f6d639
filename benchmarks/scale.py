"""Scale: time and memory of every stage of a month, from a small history to a long one, with the fitted growth.

    python -m benchmarks.scale --memory 512 --sessions 400000 --months 1 2 6 24 72

Each stage works on the last month of histories of so many months in SQLite, in a process of its own. The growth is the
exponent e of sessions^e that fits best: 1 is linear, 0 is no growth with the history. `--keep DIRECTORY` keeps the
histories for other runs; the stages write into copies. `--workers 1,2` measures instead what these numbers of workers
give for a lake (`benchmarks.workers`).
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks import workers
from benchmarks.history import LAST, Size, write_history
from hzmetrics import config, memory
from hzmetrics.calendar import DateSpan
from hzmetrics.pipeline.steps import Step
from hzmetrics.store import Store

SPAN = DateSpan.of(LAST)

STAGES = (
    Step("import-hub-data"),
    Step("middleware-wall"),
    Step("middleware-cpu"),
    Step("fill-domain", ("metrics", "web", SPAN)),
    Step("clean-bots", ("web", SPAN)),
    Step("fill-user-info", ("metrics", "toolstart", SPAN)),
    Step("logfix-session", (LAST,)),
    Step("clear-orphan-stamps", (SPAN,)),
    Step("gen-tool-stats", (LAST,)),
    Step("gen-tool-tops", (LAST,)),
    Step("gen-tool-toplists", (LAST,)),
    Step("summarize-month", (LAST,)),
    Step("andmore-usage", (LAST,)),
)
"""The steps of a month that ask no server outside, in their order."""


class Cost(NamedTuple):
    """What a stage took."""

    seconds: float
    core_seconds: float
    peak: float
    """MB of memory that the process had at most."""


def settings_of(directory: Path) -> config.Settings:
    """The settings of a history in a directory."""
    sections = {"db": {"sqlite": str(directory)}}
    return config.build(config.Source(sections=sections, environment={"HZMETRICS_HOME": str(directory)}))


def make(directory: Path, size: Size) -> None:
    """Write a history into a directory, if it is not there."""
    if directory.exists():
        return
    store = Store(settings_of(directory))
    write_history(store, size)
    store.close()


def measure(stage: Step, directory: Path, limit: int) -> Cost:
    """Run a stage in a process of its own whose engine has `limit` MB. Raises CalledProcessError if it fails."""
    call = [
        sys.executable,
        "-m",
        "benchmarks.scale",
        "--run",
        stage.name,
        "--memory",
        str(limit),
        "--keep",
        str(directory),
    ]
    here = Path(__file__).parent.parent
    done = subprocess.run(call, check=True, stdout=subprocess.PIPE, text=True, cwd=here)
    return Cost(*json.loads(done.stdout))


def run(name: str, directory: Path, limit: int) -> Cost:
    """Run a stage in this process, which nothing else may have used memory of."""
    settings = settings_of(directory)
    memory.set_limit(limit * memory.MB)
    store = Store(settings)
    (stage,) = (stage for stage in STAGES if stage.name == name)
    begun, begun_cpu = time.perf_counter(), time.process_time()
    stage.run(store, settings, False)
    store.close()
    return Cost(time.perf_counter() - begun, time.process_time() - begun_cpu, _peak())


def _peak() -> float:
    """MB of memory that this process has had at most; `ru_maxrss` would count what the process that began it had."""
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    (kilobytes,) = (line.split()[1] for line in status if line.startswith("VmHWM:"))
    return int(kilobytes) * 1024 / memory.MB


def growth(sizes: Sequence[int], values: Iterable[float]) -> float:
    """The exponent of the power of the size that fits the values best."""
    return float(np.polyfit(np.log(sizes), np.log(list(values)), 1)[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memory", type=int, default=512, help="[engine] memory, in MB")
    parser.add_argument("--sessions", type=int, default=400_000, help="a month")
    parser.add_argument("--months", type=int, nargs="+", default=[1, 2, 6, 24, 72])
    parser.add_argument("--keep", type=Path, metavar="DIRECTORY")
    parser.add_argument("--workers", type=workers.numbers, metavar="N,N")
    parser.add_argument("--run", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.workers:
        workers.compare(options.workers)
        return
    if options.run:
        print(json.dumps(run(options.run, options.keep, options.memory)))
        return
    with tempfile.TemporaryDirectory() as folder:
        kept = options.keep or Path(folder)
        costs: dict[str, list[Cost]] = {stage.name: [] for stage in STAGES}
        for months in options.months:
            history, work = kept / f"{months}x{options.sessions}", Path(folder) / "work"
            make(history, Size(months, options.sessions))
            shutil.copytree(history, work)
            print(f"{months * options.sessions:,} sessions in {months} months, [engine] memory = {options.memory}MB")
            for stage in STAGES:
                cost = measure(stage, work, options.memory)
                costs[stage.name].append(cost)
                print(f"  {stage.name:<20}{cost.seconds:9.2f} s{cost.core_seconds:9.2f} core-s{cost.peak:7.0f} MB")
            shutil.rmtree(work)
    if len(options.months) > 1:
        sizes = [months * options.sessions for months in options.months]
        print("growth with the history: core-seconds, memory")
        for name, found in costs.items():
            exponents = (growth(sizes, (cost[part] for cost in found)) for part in (1, 2))
            print(f"  {name:<20}{next(exponents):9.2f}{next(exponents):9.2f}")


if __name__ == "__main__":
    main()
