"""What a year of daily logs costs: `run --all` over 365 access logs and as many auth logs of the invented hub.

    python -m benchmarks.backlog [--lines 2700] [--months 12] [--memory 512] [--socket MARIADB.sock]

`--lines` are those of a day: 2,700 come from about 225 addresses, of which 40 % came on an earlier day of the year.
Otherwise the traffic is that of `benchmarks.traffic`. With a socket, the databases are MariaDB's (as user root;
`hzmetrics_benchmark_hub` and `hzmetrics_benchmark_metrics` are dropped and created again), otherwise SQLite's. CPU
seconds are those of the command alone, without the server's.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from benchmarks import environment_with
from benchmarks.ingest import Spent, fresh_databases
from benchmarks.traffic import ORDINARY
from hzmetrics.calendar import Clock
from hzmetrics.demo import invention, run
from hzmetrics.demo.directory import Directory
from hzmetrics.demo.progress import Reporter
from hzmetrics.store import Store
from hzmetrics.store.schema import create_hub, create_metrics

YEAR = replace(ORDINARY, lines_of_a_person=7, pages=ORDINARY.pages._replace(guest=2.2))
"""Fewer people than in so many lines of one month: they come again, and stay longer."""


def make(directory: Directory, months: int, lines: int, socket: str | None, memory: int | None = None) -> int:
    """Invent the hub with its logs; returns how many lines they have. `memory`: MB that the engine may use."""
    clock = Clock()
    sections = invention.sections(directory)
    del sections["publish"]
    if memory:
        sections["engine"] = {"memory": f"{memory}MB"}
    if socket:
        sections["db"] = fresh_databases(socket)
    settings = directory.make(sections, clock)
    store = Store(settings)
    create_metrics(store.metrics, settings.prefix)
    create_hub(store.hub, store.hub_tables.metadata)
    run.settle_corrections(store, settings)
    last = clock.month.plus(-1)
    first = last.plus(1 - months)
    days = (last.last_day - first.first_day).days + 1
    written = invention.invent(directory, settings, store, first, last, days * lines, 1, Reporter(), YEAR)
    store.close()
    return written


def number_of_files(directory: Directory) -> int:
    """How many logs wait to be imported."""
    return sum(1 for _ in (directory.root / "logs").rglob("*.log-*"))


def run_all(directory: Directory) -> Spent:
    """Import the logs, and make all of their months."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-m", "hzmetrics", "run", "--all"]
    subprocess.run(command, env=environment_with(directory.environment), check=True, stderr=subprocess.DEVNULL)
    seconds, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Spent(seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=2_700, help="of a day, about as many (default: %(default)s)")
    parser.add_argument("--months", type=int, default=12, help="how many (default: %(default)s)")
    parser.add_argument("--memory", type=int, metavar="MB", help="that the engine may use")
    parser.add_argument("--socket", help="of a MariaDB server")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hzmetrics-benchmark-") as root:
        directory = Directory(Path(root) / "hub")
        written = make(directory, options.months, options.lines, options.socket, options.memory)
        files = number_of_files(directory)
        spent = run_all(directory)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
        print(f"{files:,} files, {written:,} lines, {options.months} months: {spent}, at most {peak:,} MB")


if __name__ == "__main__":
    main()
