"""How long publishing takes: `python -m benchmarks.publish [--years 20 --tools 300 --resources 5000]`.

A hub of that size is invented, in SQLite or with `--socket` in MariaDB (as user root; the databases
`hzmetrics_benchmark_hub` and `hzmetrics_benchmark_metrics` are dropped and created again), and published three times:
for the first time, unchanged, and after a new month. The processor time is that of all processes. Sizes are those of
the files that a browser fetches, compressed where there is a compressed one.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.ingest import fresh_databases
from hzmetrics import config
from hzmetrics.calendar import Month
from hzmetrics.config.source import Source
from hzmetrics.publish.figures.definitions import FIGURES, PERIODS
from hzmetrics.publish.publishing import publish
from hzmetrics.store import Store
from hzmetrics.store.schema import create_hub, create_metrics
from hzmetrics.store.tables.metrics import summary_misc_vals, summary_simusage_vals, summary_user_vals

FIRST = Month(2005, 1)
TIMES = ("wall", "cpu", "view", "wait")
GRIDS = {"user": summary_user_vals, "simusage": summary_simusage_vals, "misc": summary_misc_vals}

SIZES = {1: 1.0, 3: 2.2, 0: 4.5, 13: 4.6, 12: 6.0, 14: 30.0}
"""How much more a period holds than its month."""
SHARES = {2: 0.9, 3: 0.36, 4: 0.25, 5: 0.2, 6: 0.09, 7: 0.6, 8: 0.42, 9: 0.09, 10: 0.05, 11: 0.04}
"""The parts of the users by column of the user grid."""


def fill(store: Store, months: list[Month], tools: int, resources: int) -> None:
    """Add invented figures of some months to the tables."""
    rng = np.random.default_rng(months[0].year)
    for grid, table in GRIDS.items():
        rows = []
        for place, month in enumerate(months):
            wave = (month.year - FIRST.year + 3) * 40 * (1 + 0.3 * np.sin(place / 2))
            for figure in FIGURES.values():
                name, row, column = figure.key.split(".")
                if name == grid:
                    for period in PERIODS:
                        share = SHARES.get(int(column), 1)
                        value = int(wave * SIZES[period.code] * share * rng.uniform(0.95, 1.05) / (1 + int(row) / 8))
                        value *= 3600 if figure.unit == "seconds" else 1
                        text = f"{value} users on {month}-07" if figure.unit == "text" else str(value)
                        rows.append((int(row), int(column), month.key, period.code, text, 1))
        names = ("rowid", "colid", "datetime", "period", "value", "valfmt")
        columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
        if grid != "misc":
            columns["value"] = list(map(int, columns["value"]))
        with store.metrics.begin() as connection:
            store.metrics.append(connection, table, pa.table(columns))
    hub = store.hub_tables
    keys = [(tool, period.code, month.key) for tool in range(1, tools + 1) for month in months for period in PERIODS]
    size = np.array([900 // key[0] + 20 for key in keys])
    age = np.array([int(key[2][:4]) - FIRST.year + int(key[2][5:7]) / 12 for key in keys])
    span = np.select([[key[1] == code for key in keys] for code in (1, 3, 14)], [1, 2, 3 + age], 3.5)
    numbers = (size * (1 + age / 3) * span * rng.uniform(0.85, 1.15, len(keys))).astype(np.int64)
    tool_rows = pa.table(
        {
            "resid": [key[0] for key in keys], "restype": [7] * len(keys), "period": [key[1] for key in keys],
            "datetime": [key[2] for key in keys],
            **dict.fromkeys(("users", "sessions", "simulations", "jobs"), numbers),
            **{f"tot_{name}": numbers * 2700.5 for name in TIMES}, **{f"avg_{name}": numbers * 1.5 for name in TIMES},
        }
    )  # fmt: skip
    count = len(months) * 3
    first_days = pa.array(np.repeat([f"{month}-01 00:00:00" for month in months], 3).tolist())
    resource_rows = pa.table(
        {
            "resid": np.repeat(np.arange(10_000, 10_000 + resources), count),
            "restype": np.ones(count * resources, np.int64),
            "period": np.tile([1, 12, 14], len(months) * resources),
            "datetime": pa.concat_arrays([first_days] * resources),
            "users": rng.integers(0, 90, count * resources),
        }
    )
    with store.hub.begin() as connection:
        store.hub.append(connection, hub.resource_stats_tools, tool_rows)
        store.hub.append(connection, hub.resource_stats, resource_rows)


def publish_resources(store: Store, tools: int, resources: int) -> None:
    """Publish invented tools and other resources."""
    ids = [*range(1, tools + 1), *range(10_000, 10_000 + resources)]
    rows = pa.table(
        {
            "id": ids, "type": [7] * tools + [1] * resources,
            "alias": [f"tool{number}" if number < 10_000 else "" for number in ids],
            "title": [f"{('Quantum', 'Thermal', 'Optical', 'Nano')[number % 4]} Item {number}" for number in ids],
            "published": [1] * len(ids), "standalone": [1] * len(ids),
        }
    )  # fmt: skip
    with store.hub.begin() as connection:
        store.hub.append(connection, store.hub_tables.resources, rows)


def fetched(path: Path) -> int:
    """The bytes that a browser fetches of a file."""
    packed = path.with_name(f"{path.name}.gz")
    return (packed if packed.exists() else path).stat().st_size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=int, default=20)
    parser.add_argument("--tools", type=int, default=300)
    parser.add_argument("--resources", type=int, default=5000)
    parser.add_argument("--keep", type=Path, help="publish to this directory, and keep it")
    parser.add_argument("--socket", help="of a MariaDB server")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        database = fresh_databases(given.socket) if given.socket else {"sqlite": f"{place}/db"}
        settings = config.build(Source(Path(place) / "conf", {"hub": {"site": "hub"}, "db": database}, environment={}))
        store = Store(settings)
        if given.socket:
            create_metrics(store.metrics, settings.prefix)
            create_hub(store.hub, store.hub_tables.metadata)
        site = given.keep or Path(place) / "site"
        publish_resources(store, given.tools, given.resources)
        fill(store, list(FIRST.through(FIRST.plus(12 * given.years - 1))), given.tools, given.resources)
        for what in ("first time", "unchanged", "a new month"):
            if what == "a new month":
                fill(store, [FIRST.plus(12 * given.years)], given.tools, given.resources)
            begin, work = time.perf_counter(), sum(os.times()[:4])
            report = publish(store, settings, site)
            took, work = time.perf_counter() - begin, sum(os.times()[:4]) - work
            print(f"{what}: {took:.1f} s, {work:.1f} s of processor, {report.written:,} of {report.files:,} files")
        own, other = (
            resource.getrusage(of).ru_maxrss // 1024 for of in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
        print(f"at most {own} MB of memory, and {other} MB in the process that makes the pages of tools")
        needed = ["index.html", "data/overview-1.js", "assets/style.css"]
        scripts = ("pages", "charts", "overview", "vendor/d3.min", "vendor/plot.umd.min")
        needed += [f"assets/{name}.js" for name in scripts]
        sizes = {name: fetched(site / name) for name in needed}
        print(f"overview: {sum(sizes.values()) / 1000:.0f} KB compressed: {sizes}")
        store.close()


if __name__ == "__main__":
    main()
