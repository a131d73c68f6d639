"""A lake: how long its export takes, and all cells of its months with some numbers of processes.

    python -m benchmarks.lake --months 13 --sessions 100000 --workers 1 2

On an invented history in SQLite, as `benchmarks.scale` makes it. For comparison: `summarize-month` of the last month.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.history import LAST, Size
from benchmarks.scale import make, settings_of
from hzmetrics import memory
from hzmetrics.calendar import Months
from hzmetrics.engine import runner
from hzmetrics.grids.summarize import summarize_month
from hzmetrics.lake.export import export
from hzmetrics.lake.summarize import summarize
from hzmetrics.store import Store


@contextmanager
def timed(what: str) -> Iterator[Callable[[int], None]]:
    """Print what a piece of work took, and how much of it there was."""
    done: list[int] = []
    begun, before = time.perf_counter(), sum(os.times()[:4])
    yield done.append
    seconds, core_seconds = time.perf_counter() - begun, sum(os.times()[:4]) - before
    print(f"{what:<28}{sum(done):>12,}{seconds:9.1f} s{core_seconds:9.1f} core-s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memory", type=int, default=2048, help="[engine] memory, in MB")
    parser.add_argument("--sessions", type=int, default=100_000, help="a month")
    parser.add_argument("--months", type=int, default=13)
    parser.add_argument("--buckets", type=int, default=8)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    memory.set_limit(options.memory * memory.MB)
    with tempfile.TemporaryDirectory() as folder:
        history, lake = Path(folder) / "history", Path(folder) / "lake"
        make(history, Size(options.months, options.sessions))
        settings = settings_of(history)
        store = Store(settings)
        with timed("summarize-month: cells") as count:
            count(summarize_month(store, settings, LAST.plus(-1)))
        with timed("export: sessions") as count:
            export(store, settings, lake, Months(), options.buckets, plain=False)
            count((options.months - 1) * options.sessions)
        size = sum(path.stat().st_size for path in lake.rglob("*.parquet"))
        print(f"{'size: bytes':<28}{size:>12,}")
        for workers in options.workers:
            with timed(f"summarize, {workers} workers: cells") as count, runner.opened(workers) as chosen:
                count(sum(summarize(lake, Months(), chosen).values()))
        store.close()


if __name__ == "__main__":
    main()
