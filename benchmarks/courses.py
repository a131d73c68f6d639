"""Courses: how fast raw events become columns and reports, and in how much memory.

    python benchmarks/courses.py --events 10000000

Prints the events a second of the first update and of an update after an append, the time of each report, and the ratio
to a plain Python reading of a sample of the same lines.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import duckdb

from hzmetrics import config
from hzmetrics.courses import copy, reports
from hzmetrics.courses.settings import Courses
from hzmetrics.engine import Engine
from hzmetrics.store import Store

SAMPLE = 200_000


def generate(path: Path, events: int) -> None:
    """A course of 20,000 students and 60 notebooks over 120 days."""
    with duckdb.connect() as engine:
        engine.execute(
            f"""
            COPY (
                SELECT strftime(TIMESTAMP '2026-01-12' + to_seconds(i * 10368000 // {events}), '%Y-%m-%dT%H:%M:%S')
                    || ' python3 ' || md5((hash(i) % 20000)::VARCHAR) || ' w' || (hash(i, 1) % 10) || '/notebook-'
                    || (hash(i, 2) % 6) || '.ipynb running ' || (8000 + hash(i, 3) % 999) AS line
                FROM range({events}) AS t(i)
            ) TO '{path}' (FORMAT csv, HEADER false, QUOTE '', DELIMITER '\t')
            """
        )


def plain(path: Path) -> float:
    """Seconds an event of reading and counting line by line."""
    begun = time.perf_counter()
    cells: dict[tuple[str, str], int] = {}
    with path.open() as file:
        for _, line in zip(range(SAMPLE), file, strict=False):
            _, _, student, notebook, action, _ = line.split()
            if action != "killing":
                cells[student, notebook] = cells.get((student, notebook), 0) + 1
    return (time.perf_counter() - begun) / SAMPLE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000_000)
    events = parser.parse_args().events
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        raw = home / "raw" / "big" / "events.raw"
        raw.parent.mkdir(parents=True)
        generate(raw, events)
        size = raw.stat().st_size
        environment = {"HZMETRICS_HOME": folder, "HZMETRICS_LOG_ROOT": folder}
        settings = config.build(config.Source(environment=environment))
        courses, store = Courses.of(settings), Store(settings)

        begun = time.perf_counter()
        copied = copy.update(store, courses, "big")
        seconds = time.perf_counter() - begun
        print(
            f"first update: {copied.rows:,} events, {size / 1e9:.2f} GB, {seconds:.1f} s, "
            f"{copied.rows / seconds:,.0f} events a second"
        )
        print(f"  {plain(raw) * copied.rows / seconds:.1f} times as fast as a plain Python loop over the lines")

        with raw.open("rb") as file, raw.open("ab") as end:
            end.write(file.read(10_000_000).rpartition(b"\n")[0] + b"\n")
        begun = time.perf_counter()
        copied = copy.update(store, courses, "big")
        seconds = time.perf_counter() - begun
        print(f"update after an append: {copied.rows:,} events, {seconds:.2f} s")

        for report in (reports.daily, reports.usage, reports.opens_by_day):
            begun = time.perf_counter()
            with Engine(copy.PACKAGE) as engine:
                copy.register_events(engine, store, courses, "big")
                reports.count_opens(engine, courses.rules("big"), settings.clock.utc_time)
                result = report(engine)
                rows = sum(table.num_rows for table in result) if report is reports.opens_by_day else len(result)
            print(f"{report.__name__}: {rows:,} rows or keys, {time.perf_counter() - begun:.1f} s")
        store.close()
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


if __name__ == "__main__":
    main()
