"""What a year of daily logs costs: `run --all` over 365 access logs and as many auth logs of the invented hub.

    python -m benchmarks.backlog [--lines 2700] [--months 12] [--socket MARIADB.sock]

`--lines` are those of a day. With a socket, the databases are MariaDB's (as user root; `hzmetrics_benchmark_hub` and
`hzmetrics_benchmark_metrics` are dropped and created again), otherwise SQLite's. CPU seconds are those of the command
alone, without the server's.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.ingest import fresh_databases
from hzmetrics.calendar import Clock
from hzmetrics.demo import invention, run
from hzmetrics.demo.directory import Directory
from hzmetrics.demo.progress import Reporter
from hzmetrics.store import Store
from hzmetrics.store.schema import create_hub, create_metrics


def make(directory: Directory, months: int, lines: int, socket: str | None) -> int:
    """Invent the hub with its logs; returns how many lines they have."""
    clock = Clock()
    sections = invention.sections(directory)
    del sections["publish"]
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
    written = invention.invent(directory, settings, store, first, last, days * lines, 1, Reporter())
    store.close()
    return written


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=2_700, help="of a day, about as many (default: %(default)s)")
    parser.add_argument("--months", type=int, default=12, help="how many (default: %(default)s)")
    parser.add_argument("--socket", help="of a MariaDB server")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hzmetrics-benchmark-") as root:
        directory = Directory(Path(root) / "hub")
        written = make(directory, options.months, options.lines, options.socket)
        files = sum(1 for _ in (directory.root / "logs").rglob("*.log-*"))
        begun = time.perf_counter()
        command = [sys.executable, "-m", "hzmetrics", "run", "--all"]
        subprocess.run(command, env={**os.environ, **directory.environment}, check=True)
        seconds = time.perf_counter() - begun
        spent = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = spent.ru_utime + spent.ru_stime
        print(f"{files:,} files, {written:,} lines, {options.months} months: {seconds:.1f} s ({cpu:.1f} s CPU)")


if __name__ == "__main__":
    main()
