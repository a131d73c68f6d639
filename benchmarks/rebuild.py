"""Rebuild: `rebuild-from` of the first month of a long history and the run that follows, look-ups done.

    python -m benchmarks.rebuild --months 12 24 --requests 375000 [--socket MARIADB.sock]

The history is that of `benchmarks.history`. Every month of it is analyzed and summarized again, in all of its periods.
With a socket the databases are MariaDB's, whose own processor seconds are not counted, otherwise SQLite's. The last
column shows what later months take more than earlier ones.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks import environment_with
from benchmarks.history import LAST, Size, write_history
from benchmarks.ingest import fresh_databases
from hzmetrics.calendar import Clock, Month
from hzmetrics.demo.directory import Directory
from hzmetrics.store import Store
from hzmetrics.store.schema import create_hub, create_metrics

LOG = "hzmetrics.log"

NOW = f"{LAST.plus(1)}-02"
"""The day of the run: the last month is over."""


class Cost(NamedTuple):
    """What a rebuild took."""

    seconds: float
    core_seconds: float
    peak: float
    """MB of memory that the process had at most."""
    months: list[float]
    """Seconds of each month, in their order."""


def make(directory: Directory, size: Size, socket: str | None) -> None:
    """Write a history into new databases."""
    database = fresh_databases(socket) if socket else {"sqlite": str(directory.databases)}
    settings = directory.make({"hub": {"site": "benchmark"}, "db": database}, Clock.parse(NOW))
    store = Store(settings)
    create_metrics(store.metrics, settings.prefix)
    create_hub(store.hub, store.hub_tables.metadata)
    write_history(store, size)
    store.close()


def rebuild(directory: Directory, first: Month) -> Cost:
    """Make all months from `first` on again."""
    _run(directory, "rebuild-from", str(first))
    (directory.root / LOG).unlink()
    begun = time.perf_counter()
    usage = _run(directory, "run", "--all")
    seconds = time.perf_counter() - begun
    lines = (directory.root / LOG).read_text(encoding="utf-8")
    months = [float(text) for text in re.findall(r"rebuild \d{4}-\d\d: walk.*: done, ([\d.]+) s", lines)]
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, months)


def _run(directory: Directory, *words: str) -> resource.struct_rusage:
    """Run a command; returns what it used."""
    own = {**directory.environment, "HZMETRICS_NOW": NOW}
    process = subprocess.Popen(
        [sys.executable, "-m", "hzmetrics", *words], env=environment_with(own), stderr=subprocess.DEVNULL
    )
    _, code, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(code)
    if process.returncode:
        raise SystemExit(f"{words[0]} ended with {process.returncode}")
    return usage


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--months", type=int, nargs="+", default=[12, 24])
    parser.add_argument("--requests", type=int, default=375_000, help="a month (default: %(default)s)")
    parser.add_argument("--socket", help="of a MariaDB server")
    parser.add_argument("--keep", type=Path, metavar="DIRECTORY", help="where the directory of the hub stays")
    options = parser.parse_args()
    for months in options.months:
        with tempfile.TemporaryDirectory(prefix="hzmetrics-benchmark-") as root:
            directory = Directory((options.keep or Path(root)) / f"hub-{months}")
            make(directory, Size(months, options.requests * 100 // 113), options.socket)
            cost = rebuild(directory, LAST.plus(1 - months))
        year = min(12, months)
        first, last = (sum(some) / year for some in (cost.months[:year], cost.months[-year:]))
        print(
            f"{months:>4} months, {months * options.requests:>11,} requests:{cost.seconds:9.1f} s"
            f"{cost.core_seconds:9.1f} core-s{cost.peak:7.0f} MB; a month of the first year {first:.2f} s, "
            f"of the last {last:.2f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
